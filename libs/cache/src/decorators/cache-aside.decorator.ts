import { UseInterceptors } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { CachedRoute } from '../early/early-admission.js';
import { CacheAsideInterceptor } from '../interceptors/cache-aside.interceptor.js';
import type { CachedRouteConfig, DescribeAnswer } from './cache-aside.metadata.js';

/**
 * Answers the route from the cache while the answer is true, and loads and stores it otherwise.
 *
 * The description is kept in the configuration of the Fastify route, where hooks and interceptors find it; a route that
 * has a `@RouteConfig()` of its own cannot be cached.
 *
 * @example
 * ```ts
 * @Get(':id')
 * @CacheAside((request) => ({ key: `order:${idOf(request)}`, tags: [`order:${idOf(request)}`] }))
 * findOne(@Param('id') id: string) { … }
 * ```
 *
 * @publicApi
 */
export function CacheAside(describe: DescribeAnswer): MethodDecorator {
  return (target, name, descriptor) => {
    const route = { getHandler: () => descriptor.value, getClass: () => target.constructor } as unknown as CachedRoute;
    const cacheAside: CachedRouteConfig = { describe, route };
    RouteConfig({ cacheAside })(target, name, descriptor);
    UseInterceptors(CacheAsideInterceptor)(target, name, descriptor);
  };
}
