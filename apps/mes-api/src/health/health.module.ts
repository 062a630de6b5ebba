import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ShutdownModule } from '../shutdown/shutdown.module.js';
import { CacheHealthIndicator } from './cache.health-indicator.js';
import { DatabaseHealthIndicator } from './database.health-indicator.js';
import { HealthController } from './health.controller.js';
import { IssuerHealthIndicator } from './issuer.health-indicator.js';

@Module({
  imports: [TerminusModule, ShutdownModule],
  controllers: [HealthController],
  providers: [CacheHealthIndicator, DatabaseHealthIndicator, IssuerHealthIndicator],
})
export class HealthModule {}
