import {
  Injectable,
  StreamableFile,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { toCachedResponse } from '../entries/cached-response.js';
import { ResponseCache } from '../read/response-cache.js';
import { CACHED_ROUTE, type CachedRouteMetadata, type RouteDescription } from './cached-route.js';
import { FastPath } from './fast-path.js';
import { Responder, type RequestHeaders } from './responder.js';

/**
 * Answers routes with `@CachedRoute()`: asks the cache, calls the handler only on a miss, stores what it returned, and says
 * in `Cache-Status` (RFC 9211) what happened. Works on Fastify and on Express.
 *
 * @publicApi
 */
@Injectable()
export class CachedRouteInterceptor implements NestInterceptor {
  constructor(
    private readonly responses: ResponseCache,
    private readonly fastPath: FastPath,
    private readonly responder: Responder,
    private readonly reflector: Reflector,
    private readonly host: HttpAdapterHost,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(this.respond(context, next));
  }

  private async respond(context: ExecutionContext, next: CallHandler): Promise<Buffer | StreamableFile | undefined> {
    const http = context.switchToHttp();
    const request = http.getRequest<object & { readonly headers: RequestHeaders }>();
    const { description, ...prepared } = this.fastPath.preparedFor(request) ?? {
      description: this.describe(context, request),
    };
    const { version, ...keyAndTags } = description;
    const load = async () => {
      const result: unknown = await lastValueFrom(next.handle());
      return toCachedResponse(result, version?.(result as never));
    };
    const { response, outcome } = await this.responses.get(keyAndTags, load, prepared);
    const { status, headers, body } = this.responder.respond(request.headers, response, outcome);
    return this.send(http.getResponse(), status, headers, body);
  }

  private describe(context: ExecutionContext, request: object): RouteDescription {
    const route = this.reflector.get<CachedRouteMetadata | undefined>(CACHED_ROUTE, context.getHandler());
    if (!route) throw new Error('this route says nothing about its cached response: decorate it with @CachedRoute()');
    return route.describe(request as never);
  }

  private send(
    reply: unknown,
    status: number,
    headers: Readonly<Record<string, string>>,
    body: Buffer | undefined,
  ): Buffer | StreamableFile | undefined {
    const { httpAdapter } = this.host;
    for (const [name, value] of Object.entries(headers)) {
      const earlier =
        name === 'vary' ? (httpAdapter.getHeader(reply, name) as string | string[] | undefined) : undefined;
      httpAdapter.setHeader(reply, name, earlier === undefined ? value : [earlier, value].flat().join(', '));
    }
    if (status !== 200) httpAdapter.status(reply, status);
    // Express would write a buffer as JSON.
    return body && httpAdapter.getType() === 'express' ? new StreamableFile(body) : body;
  }
}
