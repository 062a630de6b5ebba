import type { FastifyRequest } from 'fastify';
import type { CachedRoute } from '../early/early-admission.js';
import type { Tag } from '../ledger/ledger.js';

/** How to cache one answer. */
export interface CacheDescription {
  /**
   * Names the question completely. It is made from the validated and normalised input and from what the caller may see,
   * never from the raw URL: two spellings of one question share an answer, two callers with different rights never do.
   */
  readonly key: string;
  /** The facts that the answer depends on; always the same for the same key. */
  readonly tags: readonly Tag[];
  /** The strong entity tag of what the handler returned, with quotes; without it, a digest of the body is used. */
  readonly entityTag?: (result: never) => string;
}

/**
 * Describes the answer to a request. It runs before the handler's pipes do, so it validates the input that it uses, and
 * throws the same error as they would.
 */
export type DescribeAnswer = (request: FastifyRequest) => CacheDescription;

/** What `@CacheAside()` says of a route. */
export interface CachedRouteConfig {
  readonly describe: DescribeAnswer;
  readonly route: CachedRoute;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@CacheAside()`. */
    cacheAside?: CachedRouteConfig;
  }
}
