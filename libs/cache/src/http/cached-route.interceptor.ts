import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { ResponseCache } from '../read/response-cache.js';
import type { CachedResponse } from '../entries/cached-response.js';
import { toCachedResponse } from '../entries/to-cached-response.js';
import { FastPath } from './fast-path.js';
import { answerHeaders, bodyHeaders } from './response-headers.js';
import { preferredRepresentation } from './content-negotiation.js';
import { noneMatchHits } from './entity-tag.js';

/**
 * Wraps a route with the cache-aside pattern, as described by `@CachedRoute()`: asks the cache, calls the handler on a
 * miss only, stores what it returned, and says in `Cache-Status` (RFC 9211) what happened.
 *
 * @publicApi
 */
@Injectable()
export class CachedRouteInterceptor implements NestInterceptor {
  constructor(
    private readonly answers: ResponseCache,
    private readonly early: FastPath,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    return from(this.respond(http.getRequest(), http.getResponse(), next));
  }

  private async respond(request: FastifyRequest, reply: FastifyReply, next: CallHandler): Promise<Buffer | undefined> {
    const { cacheAside } = request.routeOptions.config;
    if (!cacheAside)
      throw new Error('this route has no description of how to cache it: decorate it with @CachedRoute()');
    const { version, ...question } = cacheAside.describe(request);
    const load = async (): Promise<CachedResponse> =>
      toCachedResponse((await lastValueFrom(next.handle())) as never, version);
    const { answer, outcome } = await this.answers.answer(question, load, this.early.observedFor(request));
    const representation = preferredRepresentation(answer, request.headers['accept-encoding']);
    const { vary, ...headers } = answerHeaders(answer, representation, outcome);
    reply.headers(headers);
    if (vary !== undefined) reply.header('vary', [reply.getHeader('vary') ?? [], vary].flat().join(', '));
    if (noneMatchHits(request.headers['if-none-match'], representation.entityTag)) {
      reply.status(304);
      return undefined;
    }
    reply.headers(bodyHeaders(representation));
    return representation.body;
  }
}
