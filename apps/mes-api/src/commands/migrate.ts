import './require-node.js';
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { readConfiguration } from '../config/configuration.js';
import { loadEnvironmentFile } from '../config/environment.js';
import { CommandError, fail } from './command-failure.js';
import { openDatabase } from './open-database.js';

const USAGE = `Applies the missing migrations to the database in DATABASE_URL, whose role must own the tables or may create them.

  npm run migrate -- --grant-to mes_api

  --grant-to <role>   a role that gets the rights that it lacks to run the API, and no others; it must exist
  --help              show this text`;

const interrupted = new AbortController();

/**
 * The options on the command line; undefined for `--help`.
 *
 * @throws {CommandError} and the errors of `parseArgs`
 */
function readMigrateArguments(): { readonly grantTo: string | undefined } | undefined {
  const { values } = parseArgs({
    options: { 'grant-to': { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return undefined;
  const grantTo = values['grant-to'];
  if (grantTo === '') throw new CommandError('--grant-to must name a role');
  return { grantTo };
}

async function migrate(): Promise<void> {
  const wanted = readMigrateArguments();
  if (!wanted) {
    console.log(USAGE);
    return;
  }
  loadEnvironmentFile();
  // The other variables belong to the API: whoever migrates need not have them.
  const { DATABASE_URL, DATABASE_DIRECT_URL, DATABASE_WAIT_SECONDS } = process.env;
  const configuration = readConfiguration({ DATABASE_URL, DATABASE_DIRECT_URL, DATABASE_WAIT_SECONDS });
  if (configuration.database.url === undefined) {
    throw new CommandError('DATABASE_URL must be set, with the role that owns the tables');
  }
  const { grantTo } = wanted;
  const { preparation } = await openDatabase(configuration, console.error, { signal: interrupted.signal, grantTo });
  const { applied, granted } = preparation;
  console.log(applied.length > 0 ? `Applied: ${applied.join(', ')}.` : 'No migration was missing.');
  if (grantTo === undefined) return;
  for (const right of granted) console.log(`Granted: ${right} TO ${grantTo}.`);
  if (granted.length === 0) console.log(`${grantTo} has all rights that it needs.`);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    interrupted.abort();
  });
}
migrate().catch((error: unknown) => fail(error, 'Cannot migrate the database'));
