import { Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { CacheAdministrationModule } from '../cache-administration/cache-administration.module.js';
import { EventsStreamModule } from '../events-stream/events-stream.module.js';
import { CacheMetrics } from './cache.metrics.js';
import { EventMetrics } from './event.metrics.js';
import { MetricsController } from './metrics.controller.js';
import { OrderMetrics } from './order.metrics.js';

/** The metrics for Prometheus. Each application has its own registry, so that several can run in one process. */
@Module({
  imports: [EventsStreamModule, CacheAdministrationModule],
  controllers: [MetricsController],
  providers: [{ provide: Registry, useFactory: () => new Registry() }, CacheMetrics, OrderMetrics, EventMetrics],
})
export class MetricsModule {}
