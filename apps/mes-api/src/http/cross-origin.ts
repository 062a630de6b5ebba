import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { REQUEST_ID_HEADER } from './request-id.js';

/** Allows the pages of these origins to call the API from a browser; `*` stands for all origins. */
export function allowOrigins(application: NestFastifyApplication, origins: readonly string[]): void {
  application.enableCors({
    origin: origins.includes('*') ? true : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PATCH'],
    exposedHeaders: [
      ...['date', 'etag', 'location', 'cache-status', REQUEST_ID_HEADER],
      ...['retry-after', 'ratelimit', 'ratelimit-policy', 'www-authenticate', 'allow'],
    ],
    // The plugin only sets the headers; it would answer invalid preflights in plain text. The hook below answers.
    strictPreflight: false,
    preflightContinue: true,
  });
  const server = application.getHttpAdapter().getInstance();
  server.addHook('onRequest', (request, reply, done) => {
    if (request.method !== 'OPTIONS') {
      done();
    } else if (isPreflight(request)) {
      // Without the length, some browsers wait for a body.
      void reply.status(204).header('content-length', '0').send();
    } else {
      // Without CORS, OPTIONS has no route either.
      reply.callNotFound();
    }
  });
}

/** Whether a request is a CORS preflight: https://fetch.spec.whatwg.org/#cors-preflight-request. */
function isPreflight({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}
