import 'reflect-metadata';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { readConfiguration } from '../config/configuration.js';
import { loadEnvironmentFile } from '../config/environment-file.js';
import { CommandError } from './command-error.js';
import { fail } from './command-failure.js';
import { openDatabase } from './database.js';
import { CacheEviction } from './sample/cache-eviction.js';
import { loadOrders } from './sample/load-orders.js';
import { showProgress } from './sample/progress.js';
import { sampleOrders, type SampleOrder } from './sample/sample-orders.js';

const USAGE = `Adds believable orders of the last 18 months to the database that the configuration names.

  npm run sample -- --orders 100000

  --orders <n>        how many, 1 to 10000000; 10000 by default
  --seed <text>       other text, other orders; on an empty database, the same ones again for the same text and time
  --until <time>      the time at which the sample ends, such as 2031-05-17T09:30:00Z; now by default
  --help              this text`;

const MAX_ORDERS = 10_000_000;
/** Small, so that a transaction never holds up the API for long. */
const ORDERS_PER_TRANSACTION = 2_000;
/** Any number: all who load samples must agree on it. */
const SAMPLE_LOCK = 7_391_246;

interface Arguments {
  readonly count: number;
  readonly seed: string;
  readonly until: number;
}

const interrupted = new AbortController();

async function run(): Promise<void> {
  const wanted = readArguments();
  if (!wanted) {
    console.log(USAGE);
    return;
  }
  loadEnvironmentFile();
  const configuration = readConfiguration(process.env);
  const database = await openDatabase(configuration, console.error);
  try {
    await fill(database.url, configuration.cache.redisUrl, wanted);
  } finally {
    await database.close();
  }
}

/** @throws {CommandError} */
function readArguments(): Arguments | undefined {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '10000' },
      seed: { type: 'string', default: 'mes' },
      until: { type: 'string', default: new Date().toISOString() },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;

  const count = /^\d{1,9}$/.test(values.orders) ? Number(values.orders) : 0;
  if (count < 1 || count > MAX_ORDERS) {
    throw new CommandError(`--orders must be a whole number from 1 to ${MAX_ORDERS}`);
  }
  const until = Date.parse(values.until);
  if (Number.isNaN(until) || until > Date.now() || until < 0) {
    throw new CommandError('--until must be a time that is not in the future, such as 2031-05-17T09:30:00Z');
  }
  return { count, seed: values.seed, until };
}

async function fill(url: string, redisUrl: string | undefined, wanted: Arguments): Promise<void> {
  const eviction = redisUrl === undefined ? undefined : await CacheEviction.open(redisUrl);
  const client = new pg.Client({ connectionString: url, application_name: 'mes-orders-sample', keepAlive: true });
  // Whatever breaks the connection fails the query under way, too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await lockOutOthers(client);
    // What a crash of the server would lose can be loaded again.
    await client.query('SET synchronous_commit = off');
    const after = await highestNumber(client);
    const began = performance.now();
    const done = await load(client, eviction, sampleOrders({ ...wanted, after }), wanted.count);
    await eviction?.finish();
    await client.query('ANALYZE orders, order_status_changes');
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    console.log(`${interrupted.signal.aborted ? 'Interrupted: ' : ''}${done} orders added in ${seconds} s.`);
  } finally {
    await client.end();
    await eviction?.close();
  }
}

/** @throws {CommandError} */
async function lockOutOthers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [SAMPLE_LOCK]);
  if (rows[0]?.mine !== true) throw new CommandError('another sample is being loaded into this database');
}

async function highestNumber(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ highest: number }>('SELECT coalesce(max(number), 0) AS highest FROM orders');
  return rows[0]?.highest ?? 0;
}

async function load(
  client: pg.Client,
  eviction: CacheEviction | undefined,
  orders: Iterable<SampleOrder>,
  total: number,
): Promise<number> {
  const progress = showProgress(total, 'orders');
  let done = 0;
  try {
    for (const batch of inBatches(orders, ORDERS_PER_TRANSACTION)) {
      if (interrupted.signal.aborted) break;
      const write = (): Promise<void> => loadOrders(client, batch);
      await (eviction ? eviction.around(write) : write());
      progress.update((done += batch.length));
    }
    return done;
  } finally {
    progress.stop();
  }
}

function* inBatches<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    if (batch.push(item) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    interrupted.abort();
    process.exitCode = 1;
  });
}
run().catch((error: unknown) => fail(error, 'No sample can be loaded'));
