import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApplication } from './application.js';
import { fail } from './commands/command-failure.js';
import { openDatabase, type OpenDatabase } from './commands/open-database.js';
import { loadEnvironmentFile } from './config/environment-file.js';
import { readConfiguration } from './config/configuration.js';
import { welcome } from './welcome.js';

/** What has been started so far, so that a signal at any time stops all of it. */
const started: { database?: OpenDatabase; application?: NestFastifyApplication } = {};
let stopping: Promise<void> | undefined;

async function start(): Promise<void> {
  loadEnvironmentFile();
  const configuration = readConfiguration(process.env);
  started.database = await openDatabase(configuration, console.error);
  if (stopping) return;

  started.application = await createApplication(configuration, started.database.url);
  void started.database.embedded?.exited.then(({ expected, description }) => {
    if (!expected) void stop(1, `the embedded ${description}`);
  });
  await started.application.listen(configuration.port, configuration.host);
  console.log(await welcome(configuration, await urlOf(started.application, configuration.host)));
}

/** Requests in flight are answered first, then the connections are closed, and PostgreSQL comes last. */
async function stop(exitCode: number, why: string): Promise<void> {
  if (exitCode !== 0) console.error(`MES Orders API stops: ${why}`);
  stopping ??= (async () => {
    await starting.catch(() => undefined);
    await started.application?.close();
    await started.database?.close();
    process.exit(exitCode);
  })();
  await stopping;
}

async function urlOf(application: NestFastifyApplication, host: string): Promise<string> {
  const { port } = new URL(await application.getUrl());
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${reachable}:${port || '80'}`;
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0, signal));
const starting = start();
starting.catch(async (error: unknown) => {
  await started.application?.close();
  await started.database?.close();
  fail(error);
});
