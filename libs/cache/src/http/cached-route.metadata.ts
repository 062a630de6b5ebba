import type { FastifyRequest } from 'fastify';
import type { RouteHandler } from './fast-path-admission.js';
import type { KeyAndTags } from '../read/key-and-tags.js';

/**
 * How to cache one answer. The key is made from the validated and normalised input and from what the caller may see, never from
 * the raw URL: two spellings of one question share an answer, two callers with different rights never do.
 */
export interface CacheDescription extends KeyAndTags {
  /** The version of what the handler returned: entity tags begin with it. */
  readonly version?: (result: never) => string;
}

/**
 * Describes the answer to a request. It runs before the handler's pipes do, so it validates the input that it uses, and
 * throws the same error as they would.
 */
export type DescribeRoute = (request: FastifyRequest) => CacheDescription;

/** What `@CachedRoute()` says of a route. */
export interface CachedRouteConfig {
  readonly describe: DescribeRoute;
  readonly route: RouteHandler;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@CachedRoute()`. */
    cacheAside?: CachedRouteConfig;
  }
}
