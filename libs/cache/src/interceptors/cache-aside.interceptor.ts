import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { AnswerCache } from '../answers/answer-cache.js';
import { toAnswer } from '../answers/to-answer.js';
import { CACHE_ASIDE, type DescribeAnswer } from '../decorators/cache-aside.metadata.js';
import { cacheStatus } from '../http/cache-status.js';
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
    private readonly reflector: Reflector,
    private readonly answers: AnswerCache,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const describe = this.reflector.get<DescribeAnswer>(CACHE_ASIDE, context.getHandler());
    const http = context.switchToHttp();
    return from(this.respond(describe, http.getRequest(), http.getResponse(), next));
  }

  private async respond(
    describe: DescribeAnswer,
    request: FastifyRequest,
    reply: FastifyReply,
    next: CallHandler,
  ): Promise<string | undefined> {
    const { entityTag, ...question } = describe(request);
    const { answer, outcome } = await this.answers.answer(question, async () =>
      toAnswer((await lastValueFrom(next.handle())) as never, entityTag),
    );

    reply.headers({
      'cache-control': 'private, no-cache',
      'cache-status': cacheStatus(outcome),
      etag: answer.entityTag,
    });
    if (noneMatchHits(request.headers['if-none-match'], answer.entityTag)) {
      reply.status(304);
      return undefined;
    }
    reply.type('application/json; charset=utf-8');
    return answer.body;
  }
}
