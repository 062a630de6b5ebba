import { NestFactory } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { AppModule } from './app.module.js';
import type { Configuration } from './config/configuration.js';
import { createLog, PinoNestLogger } from './logging/pino-nest-logger.js';
import { serveDocumentation } from './openapi.js';
import { addSecurityHeaders } from './security-headers.js';
import { refuseUnreadable, refuseUnroutable } from './problem-details/refused-requests.js';

/** Orders are small; whatever is larger than this, in bytes, is not one. */
const BODY_LIMIT = 64 * 1024;

/**
 * Puts the whole application together, ready to listen.
 *
 * @param databaseUrl of the database, which is there and migrated
 */
export async function createApplication(
  configuration: Configuration,
  databaseUrl: string,
): Promise<NestFastifyApplication> {
  const log = createLog(configuration);
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    // There is no middleware, and requests are logged by nobody but who has something to say of one.
    skipMiddie: true,
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: 'idle',
    frameworkErrors: refuseUnroutable,
    clientErrorHandler: refuseUnreadable,
  });
  // The JSON parser that comes with Fastify is the only one: anything but JSON is answered with 415.
  adapter.getInstance().removeContentTypeParser('text/plain');
  const application = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(configuration, databaseUrl),
    adapter,
    { logger: new PinoNestLogger(log), abortOnError: false, bodyParser: false },
  );
  addSecurityHeaders(adapter.getInstance());
  const { corsOrigins } = configuration;
  if (corsOrigins.length > 0) {
    application.enableCors({
      origin: corsOrigins.includes('*') ? true : [...corsOrigins],
      methods: ['GET', 'HEAD', 'POST', 'PATCH'],
      exposedHeaders: ['etag', 'location', 'cache-status', 'retry-after'],
    });
  }
  serveDocumentation(application);
  return application;
}
