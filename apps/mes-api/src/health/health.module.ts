import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ShutdownModule } from '../shutdown/shutdown.module.js';
import { CacheHealthIndicator } from './cache.health-indicator.js';
import { HealthController } from './health.controller.js';

@Module({
  imports: [TerminusModule, ShutdownModule],
  controllers: [HealthController],
  providers: [CacheHealthIndicator],
})
export class HealthModule {}
