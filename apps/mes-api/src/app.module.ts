import { CacheModule, responseShape } from '@mes/cache';
import { DATABASE_DEFAULTS, databaseOptions, readCacheNamespace } from '@mes/database';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AccessGuard } from './auth/access.guard.js';
import { AuthModule } from './auth/auth.module.js';
import { BackplaneModule } from './backplane/backplane.module.js';
import { CacheAdministrationModule } from './cache-administration/cache-administration.module.js';
import { ConfigurationModule } from './config/configuration.module.js';
import { Configuration } from './config/configuration.js';
import { DashboardModule } from './dashboard/dashboard.module.js';
import { EventsStreamModule } from './events-stream/events-stream.module.js';
import { FairSharesGuard } from './fair-shares/fair-shares.guard.js';
import { FAIR_SHARES_DEFAULTS, FairShares } from './fair-shares/fair-shares.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { PageModule } from './page/page.module.js';
import { PostgresNotificationsModule } from './postgres-notifications/postgres-notifications.module.js';
import { ProblemDetailsFilter } from './problem-details/problem-details.filter.js';
import { RateLimitGuard } from './rate-limits/rate-limit.guard.js';
import { isCertainlyUndone } from './orders/repository/certainly-undone.js';
import { RateLimitsModule } from './rate-limits/rate-limits.module.js';
import { SECURITY_HEADERS } from './security-headers.js';
import { InputValidationPipe } from './validation/input-validation.pipe.js';
import { UnknownParametersGuard } from './validation/unknown-parameters.guard.js';

@Module({})
export class AppModule {
  /** @param databaseUrl of the database, which is there and migrated */
  static forRoot(configuration: Configuration, databaseUrl: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigurationModule.forRoot(configuration),
        EventEmitterModule.forRoot(),
        TypeOrmModule.forRoot({
          ...databaseOptions({ ...DATABASE_DEFAULTS, url: databaseUrl, poolSize: configuration.database.poolSize }),
          autoLoadEntities: true,
          retryAttempts: 0,
        }),
        CacheModule.forRootAsync({
          inject: [Configuration, getDataSourceToken()],
          useFactory: async ({ cache }: Configuration, dataSource: DataSource) => ({
            ...cache,
            cacheName: 'mes',
            isRolledBack: isCertainlyUndone,
            commonHeaders: SECURITY_HEADERS,
            shape: await responseShape(import.meta.dirname),
            namespace: await readCacheNamespace(dataSource),
          }),
        }),
        PostgresNotificationsModule,
        BackplaneModule,
        RateLimitsModule,
        AuthModule,
        OrdersModule,
        DashboardModule,
        EventsStreamModule,
        CacheAdministrationModule,
        PageModule,
        HealthModule,
        MetricsModule,
      ],
      providers: [
        { provide: FairShares, useFactory: () => new FairShares(FAIR_SHARES_DEFAULTS) },
        { provide: APP_FILTER, useClass: ProblemDetailsFilter },
        // Nest asks them in this order. Whoever may not call is told nothing of what would be wrong with the call.
        { provide: APP_GUARD, useClass: RateLimitGuard },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_GUARD, useClass: UnknownParametersGuard },
        { provide: APP_GUARD, useClass: FairSharesGuard },
        { provide: APP_PIPE, useClass: InputValidationPipe },
      ],
    };
  }
}
