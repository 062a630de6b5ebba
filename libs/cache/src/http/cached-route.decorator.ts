import { UseInterceptors } from '@nestjs/common';
import { CACHED_ROUTE, type CachedRouteMetadata, type DescribeRoute } from './cached-route.js';
import { CachedRouteInterceptor } from './cached-route.interceptor.js';

/** Where Nest's Fastify adapter looks for the configuration of a route; `@RouteConfig()` writes it. */
const FASTIFY_ROUTE_CONFIG = '__fastify_route_config__';

/**
 * Answers a `GET` route from the cache. The handler runs only when the response has to be loaded.
 *
 * On Fastify, the metadata also stand in the configuration of the route, where the fast path finds them. A `@RouteConfig()`
 * of the same route must stand below this decorator.
 *
 * @example
 * ```ts
 * @Get(':id')
 * @CachedRoute((request: Request) => ({ key: `word:${request.params.id}`, tags: [`word:${request.params.id}`] }))
 * findOne(@Param('id') id: string) { … }
 * ```
 *
 * @publicApi
 */
export function CachedRoute(describe: DescribeRoute): MethodDecorator {
  return (target, name, descriptor: PropertyDescriptor) => {
    const method = descriptor.value as () => unknown;
    const route: CachedRouteMetadata = { describe, method };
    const config: unknown = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG, method);
    Reflect.defineMetadata(CACHED_ROUTE, route, method);
    Reflect.defineMetadata(FASTIFY_ROUTE_CONFIG, { ...(config as object | undefined), [CACHED_ROUTE]: route }, method);
    UseInterceptors(CachedRouteInterceptor)(target, name, descriptor);
  };
}
