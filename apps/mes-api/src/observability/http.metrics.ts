import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { DurationHistogram, type DurationSeries } from './duration-histogram.js';
import type { CacheOutcomeName, FinishedRequest } from './finished-request.js';

/** Upper bounds in seconds: hits take less than a millisecond, a request without an answer is given up after some seconds. */
const BUCKETS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Problems that refuse a request for the time being: those with the statuses 429 and 503. */
const REFUSALS = [
  ...['RATE_LIMIT_EXCEEDED', 'TOO_MANY_AT_ONCE', 'TOO_MANY_STREAMS'],
  ...['OVERLOADED', 'DATABASE_UNAVAILABLE', 'OUTCOME_UNKNOWN', 'ISSUER_UNAVAILABLE', 'NOT_READY'],
];

const REFUSED = new Set([429, 503]);

/** Methods of the API and of browsers. Others share a label, because clients choose them. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'OPTIONS']);

/** The time of requests by route, method, status and outcome of the cache; and refusals by their codes. */
@Injectable()
export class HttpMetrics {
  private readonly durations: DurationHistogram;
  private readonly refusals: Counter<'code'>;
  private readonly errors: Counter;
  private readonly unreadable: Counter;
  private readonly refusedConnections: Counter;

  constructor(registry: Registry) {
    this.durations = new DurationHistogram(registry, {
      name: 'mes_http_request_duration_seconds',
      help: 'Time from the arrival of a request to the end of its response, without streams of live events',
      labelNames: ['method', 'route', 'status', 'cache'],
      buckets: BUCKETS,
    });
    this.refusals = new Counter({
      name: 'mes_http_refusals_total',
      help: 'Requests that were refused with 429 or 503, by the code of the problem',
      labelNames: ['code'],
      registers: [registry],
    });
    for (const code of [...REFUSALS, 'other']) this.refusals.inc({ code }, 0);
    this.errors = new Counter({
      name: 'mes_http_errors_total',
      help: 'Responses with a server error that is no refusal: any status from 500 on but 503',
      registers: [registry],
    });
    this.unreadable = new Counter({
      name: 'mes_http_unreadable_requests_total',
      help: 'Connections that were closed because their bytes are not an HTTP request, or came too slowly',
      registers: [registry],
    });
    this.refusedConnections = new Counter({
      name: 'mes_http_refused_connections_total',
      help: 'Connections that were closed at once, lest the process runs out of file descriptors',
      registers: [registry],
    });
  }

  /** The durations of requests with these properties. */
  durationsOf(
    method: string,
    route: string | undefined,
    status: number | 'aborted',
    outcome: CacheOutcomeName,
  ): DurationSeries {
    return this.durations.with(
      METHODS.has(method) ? method : 'other',
      labelOf(route),
      typeof status === 'number' ? statusClass(status) : status,
      outcome,
    );
  }

  note({ method, route, status, outcome, milliseconds, problemCode = 'other' }: FinishedRequest): void {
    this.durationsOf(method, route, status, outcome).observe(milliseconds);
    if (typeof status !== 'number') return;
    if (REFUSED.has(status)) this.refusals.inc({ code: REFUSALS.includes(problemCode) ? problemCode : 'other' });
    else if (status >= 500) this.errors.inc();
  }

  noteUnreadable(): void {
    this.unreadable.inc();
  }

  noteRefusedConnection(): void {
    this.refusedConnections.inc();
  }
}

/** The route, where there are few. The documentation and the page have one for each of their files. */
function labelOf(route: string | undefined): string {
  if (route === undefined) return 'unknown';
  if (route.startsWith('/docs')) return '/docs';
  return /^\/(?:api|health|metrics|page)(?:\/|$)/.test(route) ? route : 'page';
}

/** `304` has a class of its own: nothing was sent again. */
function statusClass(status: number): string {
  return status === 304 ? '304' : `${Math.floor(status / 100)}xx`;
}
