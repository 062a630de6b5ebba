import { CacheModule, responseShape } from '@mes/cache';
import { DATABASE_DEFAULTS, databaseOptions, readCacheNamespace, untilReady, type DatabaseAccess } from '@mes/database';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AdmissionModule } from './admission/admission.module.js';
import { AuthModule } from './auth/auth.module.js';
import { BackplaneModule } from './backplane/backplane.module.js';
import { CacheAdministrationModule } from './cache-administration/cache-administration.module.js';
import { ConfigurationModule } from './config/configuration.module.js';
import { Configuration } from './config/configuration.js';
import { isCertainlyUndone } from './database-errors/certainly-undone.js';
import { DashboardModule } from './dashboard/dashboard.module.js';
import { EventsStreamModule } from './events-stream/events-stream.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './observability/metrics.module.js';
import type { Tracing } from './observability/tracing/tracing.js';
import { TracingModule } from './observability/tracing/tracing.module.js';
import { OrderError } from './orders/order-errors.js';
import { OrdersModule } from './orders/orders.module.js';
import { PageModule } from './page/page.module.js';
import { ProblemDetailsFilter } from './problem-details/problem-details.filter.js';
import { RateLimitsModule } from './rate-limits/rate-limits.module.js';
import { REQUEST_ID_HEADER } from './http/request-id.js';
import { SECURITY_HEADERS } from './http/security-headers.js';
import { InputValidationPipe } from './validation/input-validation.pipe.js';

@Module({})
export class AppModule {
  /** @param database with the current schema */
  static forRoot(configuration: Configuration, { url, wait }: DatabaseAccess, tracing?: Tracing): DynamicModule {
    const options = databaseOptions(
      {
        ...DATABASE_DEFAULTS,
        url,
        isPooled: configuration.database.directUrl !== undefined,
        poolSize: configuration.database.poolSize,
      },
      tracing?.onStatement,
    );
    return {
      module: AppModule,
      imports: [
        ConfigurationModule.forRoot(configuration),
        ...(tracing ? [TracingModule.forRoot(tracing)] : []),
        EventEmitterModule.forRoot(),
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ ...options, autoLoadEntities: true }),
          // Nest would log the stack of each attempt.
          dataSourceFactory: (all = options) => untilReady(() => new DataSource(all).initialize(), wait),
        }),
        CacheModule.forRootAsync({
          inject: [Configuration, getDataSourceToken()],
          useFactory: async ({ cache }: Configuration, dataSource: DataSource) => ({
            ...cache,
            cacheName: 'mes',
            isAnswer: (error: unknown) => error instanceof OrderError,
            isRolledBack: (error: unknown) => error instanceof OrderError || isCertainlyUndone(error),
            commonHeaders: SECURITY_HEADERS,
            requestIdHeader: REQUEST_ID_HEADER,
            shape: await responseShape(import.meta.dirname),
            namespace: await untilReady(() => readCacheNamespace(dataSource), wait),
          }),
        }),
        BackplaneModule,
        RateLimitsModule,
        AuthModule,
        AdmissionModule,
        OrdersModule,
        DashboardModule,
        EventsStreamModule,
        CacheAdministrationModule,
        PageModule,
        HealthModule,
        MetricsModule,
      ],
      providers: [
        { provide: APP_FILTER, useClass: ProblemDetailsFilter },
        { provide: APP_PIPE, useClass: InputValidationPipe },
      ],
    };
  }
}
