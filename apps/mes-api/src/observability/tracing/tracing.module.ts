import { CacheTracer } from '@mes/cache';
import { Module, type DynamicModule } from '@nestjs/common';
import type { Tracing } from './tracing.js';

/** Gives the cache its tracer. */
@Module({})
export class TracingModule {
  static forRoot({ cacheTracer }: Tracing): DynamicModule {
    return {
      module: TracingModule,
      global: true,
      providers: [{ provide: CacheTracer, useValue: cacheTracer }],
      exports: [CacheTracer],
    };
  }
}
