import { Module } from '@nestjs/common';
import { CacheAdministrationModule } from '../cache-administration/cache-administration.module.js';
import { EventsStreamModule } from '../events-stream/events-stream.module.js';
import { OrdersModule } from '../orders/orders.module.js';
import { MetricsOfAllWorkers } from '../workers/metrics-of-all-workers.js';
import { CacheMetrics } from './cache.metrics.js';
import { DatabaseMetrics } from './database.metrics.js';
import { FloorMetrics } from './floor.metrics.js';
import { IssuerMetrics } from './issuer.metrics.js';
import { MetricsAccessGuard } from './metrics-access.guard.js';
import { MetricsController } from './metrics.controller.js';
import { ProcessMetrics } from './process.metrics.js';
import { RequestsModule } from './requests.module.js';

/** The metrics for Prometheus. */
@Module({
  imports: [RequestsModule, CacheAdministrationModule, EventsStreamModule, OrdersModule],
  controllers: [MetricsController],
  providers: [
    ...[MetricsAccessGuard, MetricsOfAllWorkers],
    ...[CacheMetrics, DatabaseMetrics, FloorMetrics, IssuerMetrics, ProcessMetrics],
  ],
})
export class MetricsModule {}
