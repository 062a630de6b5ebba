import { NestFactory } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { AppModule } from './app.module.js';
import type { Configuration } from './config/configuration.js';
import { allowOrigins } from './http/cross-origin.js';
import { keepAuditLog } from './observability/audit-log.js';
import { createLog, PinoNestLogger } from './observability/pino-nest-logger.js';
import { serveDocumentation } from './openapi/document.js';
import { refuseWhenOverloaded } from './http/refuse-when-overloaded.js';
import { refuseMalformed } from './http/refuse-malformed.js';
import { refuseOversized, serverLimits } from './http/request-limits.js';
import { toOriginForm } from './http/request-target.js';
import { servePage } from './page/serve-page.js';
import { addSecurityHeaders } from './http/security-headers.js';
import { refuseUnreadable, refuseUnroutable, watchBodies } from './http/refused-requests.js';
import { parseQuery } from './validation/parse-query.js';

/**
 * Creates the application, ready to listen.
 *
 * @param databaseUrl of a running database with the current schema
 * @param pageDirectory of the built operators' page; without it, no page is served
 */
export async function createApplication(
  configuration: Configuration,
  databaseUrl: string,
  pageDirectory?: string,
): Promise<NestFastifyApplication> {
  const log = createLog(configuration);
  const adapter = new FastifyAdapter({
    ...serverLimits(configuration),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: configuration.trustProxy,
    // The application has no middleware.
    skipMiddie: true,
    rewriteUrl: toOriginForm,
    routerOptions: { maxParamLength: 200, querystringParser: parseQuery },
    forceCloseConnections: 'idle',
    // Requests that arrive on open connections while the server closes are still served.
    return503OnClosing: false,
    frameworkErrors: refuseUnroutable,
    clientErrorHandler: refuseUnreadable,
  });
  // Only Fastify's JSON parser stays: any other content type is answered with 415.
  adapter.getInstance().removeContentTypeParser('text/plain');
  const application = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(configuration, databaseUrl),
    adapter,
    { logger: new PinoNestLogger(log), abortOnError: false, bodyParser: false },
  );
  watchBodies(adapter.getInstance());
  refuseMalformed(adapter.getInstance());
  if (configuration.corsOrigins.length > 0) allowOrigins(application, configuration.corsOrigins);
  refuseWhenOverloaded(adapter.getInstance(), configuration.maxEventLoopDelay);
  addSecurityHeaders(adapter.getInstance());
  refuseOversized(adapter.getInstance());
  keepAuditLog(adapter.getInstance(), log);
  serveDocumentation(application);
  if (pageDirectory !== undefined) await servePage(adapter.getInstance(), pageDirectory, configuration.auth?.issuer);
  return application;
}
