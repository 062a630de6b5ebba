import type { DatabaseAccess } from '@mes/database';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { IssuerMetadata } from './auth/issuer-metadata.js';
import type { Configuration } from './config/configuration.js';
import { rememberMethods } from './http/allowed-methods.js';
import { allowOrigins } from './http/cross-origin.js';
import { readJsonBodies } from './http/json-bodies.js';
import { keepAuditLog } from './observability/audit-log.js';
import { createLog, PinoNestLogger } from './observability/pino-nest-logger.js';
import type { Tracing } from './observability/tracing/tracing.js';
import { RequestObserver } from './observability/request-observer.js';
import { serveDocumentation } from './openapi/document.js';
import { limitConnections } from './http/limit-connections.js';
import { HttpMetrics } from './observability/http.metrics.js';
import { serveInTurn } from './http/pipelined-requests.js';
import { refuseWhenOverloaded } from './http/refuse-when-overloaded.js';
import { refuseMalformed } from './http/refuse-malformed.js';
import { refuseOversized, serverLimits } from './http/request-limits.js';
import { requestIds } from './http/request-id.js';
import { routePath } from './http/request-target.js';
import { servePage } from './page/serve-page.js';
import { addSecurityHeaders, pageSecurityPolicy } from './http/security-headers.js';
import { refuseUnreadable, refuseUnroutable, watchBodies } from './http/refused-requests.js';
import { parseQuery } from './validation/parse-query.js';

/**
 * Creates the application, ready to listen.
 *
 * @param database with the current schema
 * @param pageDirectory of the built operators' page; without it, no page is served
 */
export async function createApplication(
  configuration: Configuration,
  database: DatabaseAccess,
  pageDirectory?: string,
  tracing?: Tracing,
): Promise<NestFastifyApplication> {
  const log = createLog(configuration, tracing);
  const application = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(configuration, database, tracing),
    createAdapter(configuration),
    { logger: new PinoNestLogger(log), ...APPLICATION_OPTIONS },
  );
  tracing?.traceRequests(application.getHttpAdapter().getInstance());
  await addHooks(application, configuration, log, pageDirectory);
  return application;
}

/** Errors at start are thrown, and Nest adds no parsers of bodies. */
export const APPLICATION_OPTIONS = { abortOnError: false, bodyParser: false } as const;

/** The server, with its limits and with its way of reading requests. */
export function createAdapter(configuration: Configuration): FastifyAdapter {
  const adapter = new FastifyAdapter({
    ...serverLimits(configuration),
    genReqId: requestIds(configuration.trustProxy),
    requestIdHeader: false,
    trustProxy: configuration.trustProxy,
    // The application has no middleware.
    skipMiddie: true,
    rewriteUrl: routePath(configuration.basePath),
    routerOptions: { maxParamLength: 200, querystringParser: parseQuery },
    forceCloseConnections: 'idle',
    // Requests that arrive on open connections while the server closes are still served.
    return503OnClosing: false,
    frameworkErrors: refuseUnroutable,
    clientErrorHandler: refuseUnreadable,
  });
  serveInTurn(adapter.getInstance());
  readJsonBodies(adapter.getInstance());
  return adapter;
}

/** Adds what is done with every request around Nest's own pipeline, the documentation and the page. */
export async function addHooks(
  application: NestFastifyApplication,
  configuration: Configuration,
  log: Logger,
  pageDirectory?: string,
): Promise<void> {
  const server = application.getHttpAdapter().getInstance();
  application.get(RequestObserver, { strict: false }).install(server, log);
  const metrics = application.get(HttpMetrics, { strict: false });
  limitConnections(server.server, configuration.database.poolSize, () => {
    metrics.noteRefusedConnection();
  });
  rememberMethods(server);
  watchBodies(server);
  refuseMalformed(server);
  if (configuration.corsOrigins.length > 0) allowOrigins(application, configuration.corsOrigins);
  refuseWhenOverloaded(server, configuration.maxEventLoopDelay);
  addSecurityHeaders(server);
  refuseOversized(server);
  keepAuditLog(server, log);
  serveDocumentation(application, configuration.basePath);
  if (pageDirectory === undefined) return;
  const issuer = application.get(IssuerMetadata, { strict: false });
  await servePage(server, {
    directory: pageDirectory,
    basePath: configuration.basePath,
    policy: () => pageSecurityPolicy(issuer.origins.connect, issuer.origins.frame),
  });
}
