import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { CacheAsideInterceptor } from '../interceptors/cache-aside.interceptor.js';
import { CACHE_ASIDE, type DescribeAnswer } from './cache-aside.metadata.js';

/**
 * Answers the route from the cache while the answer is true, and loads and stores it otherwise.
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
  return applyDecorators(SetMetadata(CACHE_ASIDE, describe), UseInterceptors(CacheAsideInterceptor));
}
