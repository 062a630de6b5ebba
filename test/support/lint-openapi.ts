import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../../apps/mes-api/src/app.module.js';
import { readConfiguration } from '../../apps/mes-api/src/config/configuration.js';
import { describeApi } from '../../apps/mes-api/src/openapi.js';

// Lints the OpenAPI document, as the API serves it at /docs-json, by the rules in .redocly.yaml. Nothing is started for it:
// in Nest's preview mode the application is only put together on paper.
const application = await NestFactory.create<NestFastifyApplication>(
  AppModule.forRoot(readConfiguration({}), 'postgres://nowhere'),
  new FastifyAdapter(),
  { preview: true, abortOnError: false, logger: ['error'] },
);

const folder = await mkdtemp(join(tmpdir(), 'mes-openapi-'));
try {
  const file = join(folder, 'openapi.json');
  await writeFile(file, JSON.stringify(describeApi(application), null, 2));
  const redocly = resolve('node_modules/@redocly/cli/bin/cli.js');
  const { status } = spawnSync(process.execPath, [redocly, 'lint', '--config', '.redocly.yaml', file], {
    stdio: 'inherit',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  process.exitCode = status ?? 1;
} finally {
  await rm(folder, { recursive: true });
}
