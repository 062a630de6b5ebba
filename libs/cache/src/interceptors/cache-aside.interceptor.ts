import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { AnswerCache } from '../answers/answer-cache.js';
import type { Answer } from '../answers/answer.js';
import { toAnswer } from '../answers/to-answer.js';
import { EarlyAnswers } from '../early/early-answers.js';
import { answerHeaders, bodyHeaders } from '../http/answer-headers.js';
import { preferredRepresentation } from '../http/content-negotiation.js';
import { noneMatchHits } from '../http/entity-tag.js';

/**
 * Wraps a route with the cache-aside pattern, as described by `@CacheAside()`: asks the cache, calls the handler on a
 * miss only, stores what it returned, and says in `Cache-Status` (RFC 9211) what happened.
 *
 * @publicApi
 */
@Injectable()
export class CacheAsideInterceptor implements NestInterceptor {
  constructor(
    private readonly answers: AnswerCache,
    private readonly early: EarlyAnswers,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    return from(this.respond(http.getRequest(), http.getResponse(), next));
  }

  private async respond(request: FastifyRequest, reply: FastifyReply, next: CallHandler): Promise<Buffer | undefined> {
    const { cacheAside } = request.routeOptions.config;
    if (!cacheAside)
      throw new Error('this route has no description of how to cache it: decorate it with @CacheAside()');
    const { version, ...question } = cacheAside.describe(request);
    const load = async (): Promise<Answer> => toAnswer((await lastValueFrom(next.handle())) as never, version);
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
