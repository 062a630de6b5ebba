import { UseInterceptors } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { RouteHandler } from './fast-path-admission.js';
import { CachedRouteInterceptor } from './cached-route.interceptor.js';
import type { CachedRouteConfig, DescribeRoute } from './cached-route.metadata.js';

/**
 * Answers the route from the cache while the answer is true, and loads and stores it otherwise.
 *
 * The description is kept in the configuration of the Fastify route, where hooks and interceptors find it; a route that
 * has a `@RouteConfig()` of its own cannot be cached.
 *
 * @example
 * ```ts
 * @Get(':id')
 * @CachedRoute((request) => ({ key: `order:${idOf(request)}`, tags: [`order:${idOf(request)}`] }))
 * findOne(@Param('id') id: string) { … }
 * ```
 *
 * @publicApi
 */
export function CachedRoute(describe: DescribeRoute): MethodDecorator {
  return (target, name, descriptor) => {
    const route = { getHandler: () => descriptor.value, getClass: () => target.constructor } as unknown as RouteHandler;
    const cacheAside: CachedRouteConfig = { describe, route };
    RouteConfig({ cacheAside })(target, name, descriptor);
    UseInterceptors(CachedRouteInterceptor)(target, name, descriptor);
  };
}
