import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** Lets the pages of these origins call the API from a browser; `*` stands for all. */
export function allowOrigins(application: NestFastifyApplication, origins: readonly string[]): void {
  application.enableCors({
    origin: origins.includes('*') ? true : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PATCH'],
    exposedHeaders: ['etag', 'location', 'cache-status', 'retry-after'],
    // The plugin would answer in plain text whoever asks for nothing; it sets the headers, and the hook below answers.
    strictPreflight: false,
    preflightContinue: true,
  });
  const server = application.getHttpAdapter().getInstance();
  server.addHook('onRequest', (request, reply, done) => {
    if (request.method !== 'OPTIONS') {
      done();
    } else if (isPreflight(request)) {
      // Some browsers wait for a body unless they are told that there is none.
      void reply.status(204).header('content-length', '0').send();
    } else {
      // What it is without these origins: there is no such route.
      reply.callNotFound();
    }
  });
}

/** Whether a browser asks if it may make another request: https://fetch.spec.whatwg.org/#cors-preflight-request. */
function isPreflight({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}
