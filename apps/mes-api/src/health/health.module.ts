import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseTrouble } from '../database-errors/database-trouble.js';
import { ShutdownModule } from '../shutdown/shutdown.module.js';
import { CacheHealthIndicator } from './cache.health-indicator.js';
import { DatabaseHealthIndicator } from './database.health-indicator.js';
import { HealthController } from './health.controller.js';
import { IssuerHealthIndicator } from './issuer.health-indicator.js';

@Module({
  // Its log would have a line for each question. What is wrong is said where it is found, and again at growing intervals.
  imports: [TerminusModule.forRoot({ logger: false }), ShutdownModule],
  controllers: [HealthController],
  providers: [CacheHealthIndicator, DatabaseHealthIndicator, IssuerHealthIndicator, DatabaseTrouble],
})
export class HealthModule {}
