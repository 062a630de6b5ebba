import { writeFile } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../app.module.js';
import { readConfiguration } from '../config/configuration.js';
import { describeApi } from '../openapi/document.js';
import { fail } from './command-failure.js';

/** Writes the OpenAPI document, as served at /docs-json, to a file. In Nest's preview mode no provider is instantiated. */
async function writeDocument(file: string): Promise<void> {
  const application = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(readConfiguration({}), 'postgres://nowhere'),
    new FastifyAdapter(),
    { preview: true, abortOnError: false, logger: ['error'] },
  );
  await writeFile(file, JSON.stringify(describeApi(application), null, 2));
}

writeDocument(process.argv[2] ?? 'openapi.json').catch(fail);
