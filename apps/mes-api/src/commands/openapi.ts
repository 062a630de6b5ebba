import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { AppModule } from '../app.module.js';
import { readConfiguration } from '../config/configuration.js';
import { describeApi } from '../openapi/document.js';
import { CommandError, fail } from './command-failure.js';

const USAGE = `Writes the OpenAPI document, as served at /docs-json, to a file.

  node dist/apps/mes-api/src/commands/openapi.js [file]

  file     openapi.json by default
  --help   show this text`;

async function writeDocument(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (positionals.length > 1) throw new CommandError('one file is enough');
  const document = await documentOfApi();
  try {
    await writeFile(positionals[0] ?? 'openapi.json', JSON.stringify(document, null, 2));
  } catch (error) {
    throw new CommandError((error as Error).message, { cause: error });
  }
}

/** In Nest's preview mode no provider is instantiated. */
async function documentOfApi(): Promise<OpenAPIObject> {
  const application = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(readConfiguration({}), { url: 'postgres://nowhere', wait: { patience: 0 } }),
    new FastifyAdapter(),
    { preview: true, abortOnError: false, logger: ['error'] },
  );
  return describeApi(application);
}

writeDocument().catch((error: unknown) => fail(error, 'Cannot write the OpenAPI document'));
