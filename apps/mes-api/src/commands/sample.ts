import './require-node.js';
import 'reflect-metadata';
import { ADVISORY_LOCKS, DatabaseClient } from '@mes/database';
import { readConfiguration } from '../config/configuration.js';
import { loadEnvironmentFile } from '../config/environment.js';
import { CommandError, fail } from './command-failure.js';
import { ONE_SIGNAL } from './one-signal.js';
import { openDatabase } from './open-database.js';
import { readSampleArguments, SAMPLE_USAGE, type SampleArguments } from './sample/arguments.js';
import { loadOrders } from './sample/load-orders.js';
import { showProgress } from './sample/progress.js';
import { sampleOrders, type SampleOrder } from './sample/sample-orders.js';

/** Small, so that a transaction blocks the API only briefly. */
const ORDERS_PER_TRANSACTION = 2_000;
/** Time limit for a statement, in milliseconds. COPY and ANALYZE take the longest. */
const STATEMENT_TIMEOUT = 60_000;

const interrupted = new AbortController();
/** When the first signal came, as `performance.now()`. */
let signalledAt: number | undefined;

async function run(): Promise<void> {
  const wanted = readSampleArguments(process.argv.slice(2), Date.now());
  if (!wanted) {
    console.log(SAMPLE_USAGE);
    return;
  }
  loadEnvironmentFile();
  const configuration = readConfiguration(process.env);
  const database = await openDatabase(configuration, console.error, { signal: interrupted.signal });
  try {
    await fill(database.directUrl, wanted);
  } finally {
    await database.close();
  }
}

async function fill(url: string, wanted: SampleArguments): Promise<void> {
  const client = new DatabaseClient({
    url,
    applicationName: 'mes-orders-sample',
    statementTimeout: STATEMENT_TIMEOUT,
    queryTimeout: STATEMENT_TIMEOUT + 1_000,
  });
  await client.connect();
  try {
    await lockOutOthers(client);
    // After a crash of the server, the sample can be loaded again.
    await client.query('SET synchronous_commit = off');
    const after = await highestNumber(client);
    const began = performance.now();
    const done = await load(client, sampleOrders({ ...wanted, after }), wanted.count);
    if (done > 0) await client.query('ANALYZE orders, order_status_changes');
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    console.log(`${interrupted.signal.aborted ? 'Interrupted: ' : ''}${done} orders added in ${seconds} s.`);
  } finally {
    await client.end();
  }
}

/** @throws {CommandError} */
async function lockOutOthers(client: DatabaseClient): Promise<void> {
  const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [
    ADVISORY_LOCKS.sample,
  ]);
  if (rows[0]?.mine !== true) throw new CommandError('another sample is being loaded into this database');
}

async function highestNumber(client: DatabaseClient): Promise<number> {
  const { rows } = await client.query<{ highest: number }>(
    'SELECT coalesce(max(number), 0) AS highest FROM (SELECT number FROM orders UNION ALL SELECT number FROM archived_orders) AS o',
  );
  return rows[0]?.highest ?? 0;
}

/** The database notifies running instances of each transaction, and they invalidate its tags. */
async function load(client: DatabaseClient, orders: Iterable<SampleOrder>, total: number): Promise<number> {
  const progress = showProgress(total, 'orders');
  let done = 0;
  try {
    for (const batch of inBatches(orders, ORDERS_PER_TRANSACTION)) {
      if (interrupted.signal.aborted) break;
      await client.within(STATEMENT_TIMEOUT, () => loadOrders(client, batch));
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
    signalledAt ??= performance.now();
    // The batch under way is rolled back.
    if (performance.now() - signalledAt > ONE_SIGNAL) process.exit(1);
    interrupted.abort(new CommandError('interrupted'));
    process.exitCode = 1;
  });
}
run().catch((error: unknown) => fail(error, 'Cannot load the sample'));
