import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { HEADERS_METADATA, HOST_METADATA, HTTP_CODE_METADATA, REDIRECT_METADATA } from '@nestjs/common/constants.js';
import { HttpAdapterHost, MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler, onSendHookHandler } from 'fastify';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { CacheTracer, type TracedOperation } from '../cache.tracer.js';
import type { CachedResponse } from '../entries/cached-response.js';
import { Inspector } from '../read/inspector.js';
import { ResponseCache } from '../read/response-cache.js';
import type { SnapshotOrUnavailable } from '../versions/snapshot-batch.js';
import {
  CACHED_ROUTE,
  type CachedRouteMetadata,
  type DescribeRoute,
  type RouteDescription,
  type RouteHandler,
} from './cached-route.js';
import { Responder, type ResponseHeaders } from './responder.js';

/**
 * Decides, in place of the guards, whether a request may be answered on the fast path. It must decide as the guards do, best
 * by the same code. Without one, hits are answered by the interceptor, after the guards.
 *
 * @publicApi
 */
export abstract class FastPathAdmission {
  /**
   * A test for requests to one route. It is true if every guard would let the request pass, and then leaves the request as
   * the guards would. The request is Fastify's. It is false also if that cannot be told at once: the guards decide then.
   */
  abstract testFor(route: RouteHandler): (request: never) => boolean;
}

/** A route that the fast path answers. */
export interface ObservedRoute {
  readonly method: string;
  /** The path with its parameters, such as `/words/:id`. */
  readonly url: string;
}

/**
 * Is told of each response on the fast path, for an application's metrics and logs. Without one, only Fastify's hooks `onResponse`
 * are told.
 *
 * @publicApi
 */
export abstract class FastPathObserver {
  /**
   * A function that is called with Fastify's request and the status after each response of one route. It runs within the
   * request: it must be quick and must not throw.
   */
  abstract observerFor(route: ObservedRoute): (request: never, status: 200 | 304) => void;
}

/** What the fast path found out for a request that it passed on. */
export interface PreparedRead {
  readonly description: RouteDescription;
  readonly snapshot: SnapshotOrUnavailable;
  /** The read, which goes on, as a tracer shows it. */
  readonly operation: TracedOperation | undefined;
}

/** Metadata of a route by which Nest sets a status or headers. */
const SET_BY_NEST = [HTTP_CODE_METADATA, HEADERS_METADATA, REDIRECT_METADATA];

const L1_HIT = { kind: 'hit', level: 'l1' } as const;

/**
 * Answers hits in L1 from a hook of Fastify, before Nest's guards, interceptors, pipes and handlers, which cost many times
 * what such an answer costs. All other requests go on, and take along what was found out for them.
 */
@Injectable()
export class FastPath {
  private readonly logger = new Logger(FastPath.name);
  private readonly prepared = new WeakMap<object, PreparedRead>();
  /** Headers as names and values in turn, which costs Node's `writeHead` the least. */
  private readonly flat = new WeakMap<ResponseHeaders, string[]>();

  constructor(
    private readonly responses: ResponseCache,
    private readonly inspector: Inspector,
    private readonly responder: Responder,
    private readonly host: HttpAdapterHost,
    private readonly modules: ModulesContainer,
    @Inject(CACHE_OPTIONS) private readonly options: Pick<CacheOptions, 'commonHeaders' | 'requestIdHeader'>,
    @Optional() private readonly admission?: FastPathAdmission,
    @Optional() private readonly observer?: FastPathObserver,
    @Optional() private readonly tracer?: CacheTracer,
  ) {}

  /** Adds the hook to all cached routes. Must be called before the routes are declared. Does nothing on Express. */
  install(): void {
    const { admission } = this;
    const handlers = this.handlers();
    // There is no adapter where Nest runs without HTTP.
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (adapter?.getType() !== 'fastify') return;
    adapter.getInstance<FastifyInstance>().addHook('onRoute', (route) => {
      const config = route.config as { readonly [CACHED_ROUTE]?: CachedRouteMetadata } | undefined;
      const cached = config?.[CACHED_ROUTE];
      if (!cached) return;
      const handler = handlers.get(cached.method);
      if (admission && handler) {
        const observed = this.observer?.observerFor({ method: String(route.method), url: route.url });
        const hook = this.hookFor(cached.describe, admission.testFor(handler), observed);
        route.onRequest = [route.onRequest ?? [], hook].flat();
      }
      if (route.method === 'HEAD') route.onSend = [route.onSend ?? [], omitLengthOfNothing].flat();
    });
  }

  preparedFor(request: object): PreparedRead | undefined {
    return this.prepared.get(request);
  }

  /**
   * The handlers of the routes that the fast path can answer, by their methods. Guards look at the class of the controller: if
   * several inherit a method, a route does not tell which one it belongs to. Nest itself sets a status and headers of a route, and
   * compares the host.
   */
  private handlers(): ReadonlyMap<object, RouteHandler | undefined> {
    const handlers = new Map<object, RouteHandler | undefined>();
    const scanner = new MetadataScanner();
    for (const { metatype } of [...this.modules.values()].flatMap(({ controllers }) => [...controllers.values()])) {
      const prototype = metatype?.prototype as Readonly<Record<string, object>>;
      for (const name of scanner.getAllMethodNames(prototype)) {
        const method = prototype[name] ?? {};
        const handler = { getHandler: () => method, getClass: () => metatype } as unknown as RouteHandler;
        const isLeftToNest =
          handlers.has(method) ||
          SET_BY_NEST.some((key) => Reflect.hasMetadata(key, method)) ||
          (metatype && Reflect.getMetadata(HOST_METADATA, metatype) !== undefined);
        handlers.set(method, isLeftToNest ? undefined : handler);
      }
    }
    return handlers;
  }

  private hookFor(
    describe: DescribeRoute,
    isAdmitted: (request: never) => boolean,
    observe?: (request: never, status: 200 | 304) => void,
  ): onRequestHookHandler {
    return (request, reply, done) => {
      const description = isAdmitted(request as never) ? descriptionOf(request, describe) : undefined;
      if (!description) {
        done();
        return;
      }
      const operation = this.tracer?.begin('read');
      // If a guard refuses the request, or the client goes away, nobody else ends it.
      if (operation) {
        reply.raw.once('close', () => {
          operation.end();
        });
      }
      const found = operation
        ? operation.within(() => this.responses.snapshot(description.tags))
        : this.responses.snapshot(description.tags);
      found
        .then((snapshot) => {
          // An inspection needs the handler, which the fast path does without.
          const response = this.inspector.isDue ? undefined : this.responses.findL1(description, snapshot);
          if (response) {
            operation?.end(L1_HIT);
            const status = this.send(request, reply, response);
            observe?.(request as never, status);
            return;
          }
          this.prepared.set(request, { description, snapshot, operation });
          done();
        }, done)
        .catch((error: unknown) => {
          this.logger.error(error);
          if (!reply.raw.writableEnded) reply.raw.destroy();
        });
    };
  }

  /** Sends past Fastify, which would set and check each header anew. */
  private send(
    { headers: asked, method, id }: FastifyRequest,
    reply: FastifyReply,
    response: CachedResponse,
  ): 200 | 304 {
    const { status, headers, body } = this.responder.respond(asked, response, L1_HIT);
    // Set by earlier hooks, such as that for cross-origin requests.
    const others = reply.getHeaders() as ResponseHeaders;
    reply.hijack();
    const { requestIdHeader } = this.options;
    if (!isEmpty(others)) {
      const merged = this.merged(others, headers);
      reply.raw.writeHead(status, requestIdHeader === undefined ? merged : { ...merged, [requestIdHeader]: id });
    } else {
      const flat = this.flatOf(headers);
      reply.raw.writeHead(status, requestIdHeader === undefined ? flat : [...flat, requestIdHeader, id]);
    }
    reply.raw.end(method === 'HEAD' ? undefined : body);
    return status;
  }

  private flatOf(headers: ResponseHeaders): string[] {
    let flat = this.flat.get(headers);
    if (!flat) this.flat.set(headers, (flat = Object.entries(this.merged({}, headers)).flat()));
    return flat;
  }

  private merged(others: ResponseHeaders, headers: ResponseHeaders): ResponseHeaders {
    const { commonHeaders = {} } = this.options;
    const varied = new Set([others, commonHeaders, headers].flatMap(({ vary }) => vary ?? []));
    const merged = { ...others, ...commonHeaders, ...headers };
    return varied.size > 0 ? { ...merged, vary: [...varied].join(', ') } : merged;
  }
}

/** Fastify gives a 304 to HEAD the length 0, which would be that of the 200: RFC 9110, section 8.6. */
const omitLengthOfNothing: onSendHookHandler = (_request, reply, payload, done) => {
  if (reply.statusCode === 304) reply.removeHeader('content-length');
  done(null, payload);
};

function isEmpty(headers: ResponseHeaders): boolean {
  for (const _ in headers) return false;
  return true;
}

/** The pipeline tells what is wrong with a request that cannot be described. */
function descriptionOf(request: FastifyRequest, describe: DescribeRoute): RouteDescription | undefined {
  try {
    return describe(request as never);
  } catch {
    return undefined;
  }
}
