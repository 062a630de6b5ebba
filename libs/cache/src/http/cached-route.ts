import type { ExecutionContext } from '@nestjs/common';
import type { KeyAndTags } from '../read/response-cache.js';

/**
 * Describes the response of a route. Key and tags come from the validated and normalised input and from what the caller may
 * see, never from the raw URL: two spellings of one query share a response, two callers with different rights never do.
 */
export interface RouteDescription extends KeyAndTags {
  /** The version of what the handler returned. Entity tags begin with it. */
  readonly version?: ((result: never) => string) | undefined;
}

/**
 * Describes the response to a request, which is the framework's own request object. It runs before the handler's pipes, so
 * it validates the input that it uses and throws the errors that they would throw.
 */
export type DescribeRoute = (request: never) => RouteDescription;

/** The handler and the controller of a route, whose metadata say who may call it. */
export type RouteHandler = Pick<ExecutionContext, 'getHandler' | 'getClass'>;

/** What `@CachedRoute()` says of a route. */
export interface CachedRouteMetadata {
  readonly describe: DescribeRoute;
  /** The method of the controller. */
  readonly method: object;
}

/** The metadata key of {@link CachedRouteMetadata}, also in the configuration of a Fastify route. */
export const CACHED_ROUTE = 'cachedRoute';
