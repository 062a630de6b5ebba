import cluster from 'node:cluster';
import { resolve } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApplication } from './application.js';
import { DevelopmentIssuer } from './auth/development-issuer.js';
import { fail } from './commands/command-failure.js';
import { explainListening } from './commands/listen-failure.js';
import { ONE_SIGNAL } from './commands/one-signal.js';
import { openDatabase, type OpenDatabase } from './commands/open-database.js';
import type { Configuration } from './config/configuration.js';
import { startTracing } from './observability/tracing/start-tracing.js';
import type { Tracing } from './observability/tracing/tracing.js';
import { shutDown, type ShutdownPlan } from './shutdown/shut-down.js';
import { welcome } from './commands/welcome.js';
import { leavePort } from './workers/leave-port.js';
import { showLife } from './workers/show-life.js';
import { WORKER_NUMBER } from './workers/worker-messages.js';

/** Where the build puts the operators' page. */
const PAGE_DIRECTORY = resolve(import.meta.dirname, '../../mes-web');

/** The parts that have been started so far. A signal during the start stops these. */
const started: {
  tracing?: Tracing | undefined;
  database?: OpenDatabase;
  application?: NestFastifyApplication;
  shutdown?: ShutdownPlan;
} = {};
/** Aborted by the first signal: the start does not go on. */
const stopped = new AbortController();
/** Aborted by a later signal: the shutdown waits for nothing any more. */
const hurried = new AbortController();
/** When the first signal came, as `performance.now()`. */
let signalledAt: number | undefined;
let starting: Promise<void>;
let stopping: Promise<void> | undefined;

/** Runs the API in this process, until a signal ends it. */
export function serve(configuration: Configuration): void {
  if (cluster.isWorker) showLife();
  process.on('SIGTERM', onSignal);
  // A terminal that interrupts, or is closed, tells workers as well as their supervisor, which tells them to stop.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, cluster.isWorker ? () => undefined : onSignal);
  starting = start(configuration);
  starting.catch(async (error: unknown) => {
    // An interrupted start fails, and stop() is already running.
    if (stopped.signal.aborted) return;
    await started.application?.close();
    await started.database?.close();
    fail(error);
  });
}

async function start(configuration: Configuration): Promise<void> {
  // The supervisor of workers has said what all of them would say.
  if (cluster.isPrimary) for (const warning of configuration.warnings) console.error(warning);
  started.shutdown = configuration.shutdown;
  started.database = await openDatabase(configuration, console.error, { signal: stopped.signal });
  stopped.signal.throwIfAborted();
  // Before the application is made, which would log a failure as well.
  if (!configuration.auth) await DevelopmentIssuer.open(configuration.dataDirectory);

  started.tracing = await startTracing(configuration);
  const { tracing, database } = started;
  started.application = await createApplication(configuration, database, PAGE_DIRECTORY, tracing);
  void started.database.embedded?.exited.then(({ expected, description }) => {
    if (!expected) void stop(1, `the embedded ${description}`);
  });
  stopped.signal.throwIfAborted();
  await started.application.listen(configuration.port, configuration.host).catch((error: unknown) => {
    throw explainListening(error, configuration);
  });
  if (isFirst()) console.log(await welcome(configuration, await urlOf(started.application, configuration.host)));
}

/** Answers the requests in flight, then closes the connections, then stops the embedded PostgreSQL. */
async function stop(exitCode: number, why: string): Promise<void> {
  if (exitCode !== 0) console.error(`MES Orders API stops: ${why}`);
  stopping ??= (async () => {
    stopped.abort();
    await starting.catch(() => undefined);
    const isDone = await stopApplication(exitCode);
    await started.tracing?.close(hurried.signal);
    await started.database?.close();
    process.exit(isDone ? exitCode : 1);
  })();
  await stopping;
}

async function stopApplication(exitCode: number): Promise<boolean> {
  const { application, shutdown } = started;
  if (!application || !shutdown) return true;
  // After the death of the database, requests cannot be served during a delay.
  const delay = exitCode === 0 ? shutdown.delay : 0;
  const leave = cluster.isWorker ? leavePort : () => Promise.resolve();
  const isDone = await shutDown(application, { ...shutdown, delay }, hurried.signal, leave);
  if (!isDone) console.error('MES Orders API stops: requests in flight were cut off');
  return isDone;
}

function isFirst(): boolean {
  return cluster.isPrimary || process.env[WORKER_NUMBER] === '1';
}

async function urlOf(application: NestFastifyApplication, host: string): Promise<string> {
  const { port } = new URL(await application.getUrl());
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${reachable}:${port || '80'}`;
}

function onSignal(signal: NodeJS.Signals): void {
  signalledAt ??= performance.now();
  if (performance.now() - signalledAt > ONE_SIGNAL) hurried.abort();
  else void stop(0, signal);
}
