import { FastPathObserver } from '@mes/cache';
import { Global, Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { HttpMetrics } from './http.metrics.js';
import { RequestObserver } from './request-observer.js';

/**
 * Observes all requests, those on the fast path of the cache included. Each application has its own registry of metrics, so that
 * several can run in one process.
 */
@Global()
@Module({
  providers: [
    { provide: Registry, useFactory: () => new Registry() },
    HttpMetrics,
    RequestObserver,
    { provide: FastPathObserver, useExisting: RequestObserver },
  ],
  exports: [Registry, FastPathObserver],
})
export class RequestsModule {}
