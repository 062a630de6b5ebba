import { parseArgs } from 'node:util';
import { CommandError } from '../../apps/mes-api/src/commands/command-failure.js';
import { wholeNumber } from '../support/whole-number.js';

export interface ConsistencyArguments {
  readonly seconds: number;
  readonly seed: string;
  readonly instances: number;
  readonly clients: number;
  readonly redis: (typeof TOPOLOGIES)[number];
  readonly postgres: (typeof WAYS)[number];
}

const TOPOLOGIES = ['server', 'cluster', 'sentinels'] as const;

/** How the instances reach PostgreSQL. */
const WAYS = ['server', 'pooler'] as const;

export const CONSISTENCY_USAGE = `Runs several instances of the API under load and checks that no response is stale and no write is lost.

  npm run consistency
  npm run consistency -- --seconds 60 --seed 7

  --seconds <n>      length of the run; 20 by default
  --seed <text>      seed of the clients' random choices; a new one for each run by default
  --instances <n>    number of API processes; 3 by default
  --clients <n>      number of concurrent clients; 24 by default
  --redis <kind>     ${TOPOLOGIES.join(', ')}; one server by default
  --postgres <kind>  ${WAYS.join(', ')}: PgBouncer in transaction mode; the server itself by default
  --help             shows this text`;

/**
 * The parsed command line; `undefined` if the user asked for help.
 *
 * @throws {CommandError} and the errors of `parseArgs`
 */
export function readConsistencyArguments(args: string[]): ConsistencyArguments | undefined {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now()) },
      instances: { type: 'string', default: '3' },
      clients: { type: 'string', default: '24' },
      redis: { type: 'string', default: 'server' },
      postgres: { type: 'string', default: 'server' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const redis = TOPOLOGIES.find((kind) => kind === values.redis);
  if (redis === undefined) throw new CommandError(`--redis must be one of ${TOPOLOGIES.join(', ')}`);
  const postgres = WAYS.find((kind) => kind === values.postgres);
  if (postgres === undefined) throw new CommandError(`--postgres must be one of ${WAYS.join(', ')}`);
  return {
    redis,
    postgres,
    seconds: wholeNumber('--seconds', values.seconds, 3_600),
    seed: values.seed,
    instances: wholeNumber('--instances', values.instances, 20),
    clients: wholeNumber('--clients', values.clients, 1_000),
  };
}
