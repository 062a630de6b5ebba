import { Module } from '@nestjs/common';
import { EventsStreamModule } from '../events-stream/events-stream.module.js';
import { CacheAdministrationController } from './cache-administration.controller.js';
import { CacheStatistics } from './cache-statistics.js';

@Module({
  imports: [EventsStreamModule],
  controllers: [CacheAdministrationController],
  providers: [CacheStatistics],
  exports: [CacheStatistics],
})
export class CacheAdministrationModule {}
