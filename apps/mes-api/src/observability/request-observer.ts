import { AsyncResource } from 'node:async_hooks';
import { FastPathObserver, type ObservedRoute } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Configuration } from '../config/configuration.js';
import { REQUEST_ID_HEADER } from '../http/request-id.js';
import { cacheOutcomeOf, type FinishedRequest } from './finished-request.js';
import { HttpMetrics } from './http.metrics.js';
import { RequestLog } from './request-log.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** When the request arrived, as `performance.now()`. */
    arrivedAt: number;
  }
}

/**
 * Tells the metrics and the log of each request that has ended.
 *
 * Fastify's own hook for that would add listeners to the responses of the fast path as well, which cost more than these
 * responses may. So the fast path calls an observer, and all other responses get a listener when they are about to be sent.
 */
@Injectable()
export class RequestObserver extends FastPathObserver {
  private log: RequestLog | undefined;

  constructor(
    private readonly metrics: HttpMetrics,
    private readonly configuration: Configuration,
  ) {
    super();
  }

  /** Must be called before anything else reads requests, and before the routes are declared. */
  install(server: FastifyInstance, log: Logger): void {
    this.log = new RequestLog(log, this.configuration.logHitsEvery);
    server.decorateRequest('arrivedAt', 0);
    server.addHook('onRequest', (request, _reply, done) => {
      request.arrivedAt = performance.now();
      done();
    });
    server.addHook('onSend', (request, reply, payload, done) => {
      reply.header(REQUEST_ID_HEADER, request.id);
      this.watch(request, reply);
      done(null, payload);
    });
    // Before it is refused. After that, the end of the connection is an error as well.
    server.server.prependListener('clientError', ({ code }: Error & { readonly code?: string }, { writable }) => {
      if (code !== 'ECONNRESET' && writable) this.metrics.noteUnreadable();
    });
  }

  override observerFor({ method, url: route }: ObservedRoute): (request: FastifyRequest, status: 200 | 304) => void {
    const found = this.metrics.durationsOf(method, route, 200, 'l1');
    const notModified = this.metrics.durationsOf(method, route, 304, 'l1');
    return (request, status) => {
      const milliseconds = performance.now() - request.arrivedAt;
      (status === 304 ? notModified : found).observe(milliseconds);
      if (this.log?.isNextOfSample() !== true) return;
      this.log.write({ ...identityOf(request), method, route, status, outcome: 'l1', milliseconds });
    };
  }

  private watch(request: FastifyRequest, reply: FastifyReply): void {
    const { raw } = reply;
    const finish = (): void => {
      const outcome = cacheOutcomeOf(reply.getHeader('cache-status'));
      const status = raw.writableFinished ? reply.statusCode : 'aborted';
      const finished: FinishedRequest = {
        ...identityOf(request),
        method: request.method,
        route: request.routeOptions.url,
        status,
        outcome,
        milliseconds: performance.now() - request.arrivedAt,
        problemCode: request.problemCode,
      };
      // A stream of live events lasts for hours, and its client ends it.
      if (!isStream(reply)) this.metrics.note(finished);
      this.log?.note(finished);
    };
    // The connection may have closed already.
    if (raw.closed || raw.destroyed) finish();
    // The log then finds the trace of the request.
    else raw.once('close', AsyncResource.bind(finish));
  }
}

function identityOf({ id, caller }: FastifyRequest): Pick<FinishedRequest, 'id' | 'subject'> {
  return { id, subject: caller?.subject ?? null };
}

function isStream(reply: FastifyReply): boolean {
  return reply.getHeader('content-type')?.toString().startsWith('text/event-stream') === true;
}
