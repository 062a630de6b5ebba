import 'reflect-metadata';
import { note } from '../bench/note.js';
import { Resources } from '../bench/servers/resources.js';
import { startPostgres } from '../support/postgres-server.js';
import { runProgram } from '../support/run-program.js';
import { RedisServer } from '../support/redis-server.js';
import { CONSISTENCY_USAGE, readConsistencyArguments, type ConsistencyArguments } from './arguments.js';
import { describeViolations } from './report/describe-violations.js';
import { nothingFor, runUnderLoad } from './run.js';
import { System } from './system/system.js';
import { crowd } from './workload/crowd.js';

// `npm run consistency`: several instances of the API on a PostgreSQL and a Redis of their own, many clients who write and
// read through any of them, and a checker of all that they were told. Ends with 1 if anything was stale or lost.

/** With so many processes on one machine, Redis may have to wait for its turn; that is no reason to do without the cache. */
const PATIENT = { REDIS_DEADLINE_MS: '2000' };
/** With less, next to nothing would have been proven of the cache. */
const LEAST_SHARE_OF_HITS = 0.1;

const resources = new Resources();

async function run(): Promise<void> {
  const wanted = readConsistencyArguments(process.argv.slice(2));
  if (!wanted) {
    console.log(CONSISTENCY_USAGE);
    return;
  }
  await prove(wanted);
}

async function prove({ seconds, seed, instances, clients }: ConsistencyArguments): Promise<void> {
  note(`seed ${seed}: starting PostgreSQL, Redis and ${instances} instances`);
  const postgres = await resources.start(
    () => startPostgres({ settings: { max_connections: '300' } }),
    (server) => server.stop(),
  );
  const redis = await resources.start(
    () => RedisServer.start(),
    (server) => server.stop(),
  );
  const system = await resources.start(
    () =>
      System.start({ databaseUrl: postgres.url, redisUrl: redis.url, instances, variant: { environment: PATIENT } }),
    (started) => started.stop(),
  );
  note(`${clients} clients for ${seconds} s`);
  const { violations, checked, exchanges } = await runUnderLoad(
    system,
    crowd({ name: 'quiet', clients, seed }, system.floor),
    nothingFor(seconds),
  );
  const hits = exchanges.filter(({ cache }) => cache === 'hit').length;
  note('checked');
  console.log(JSON.stringify({ ...checked, hits }, undefined, 2));
  if (violations.length > 0) console.log(describeViolations(violations));
  else if (hits < LEAST_SHARE_OF_HITS * exchanges.length) console.log('Too few answers came out of the cache.');
  else {
    console.log('Nothing was stale, and nothing was lost.');
    return;
  }
  process.exitCode = 1;
}

runProgram(run, resources, 'The run has failed');
