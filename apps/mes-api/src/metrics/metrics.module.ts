import { Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { CacheMetrics } from './cache.metrics.js';
import { MetricsController } from './metrics.controller.js';
import { OrderMetrics } from './order.metrics.js';

/** What Prometheus may scrape. Each application has a registry of its own, so that several can live in one process. */
@Module({
  controllers: [MetricsController],
  providers: [{ provide: Registry, useFactory: () => new Registry() }, CacheMetrics, OrderMetrics],
})
export class MetricsModule {}
