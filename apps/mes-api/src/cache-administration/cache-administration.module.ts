import { Module } from '@nestjs/common';
import { EventsStreamModule } from '../events-stream/events-stream.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { CacheAdministrationController } from './cache-administration.controller.js';

@Module({ imports: [EventsStreamModule, MetricsModule], controllers: [CacheAdministrationController] })
export class CacheAdministrationModule {}
