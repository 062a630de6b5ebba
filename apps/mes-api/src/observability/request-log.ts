import type { Logger } from 'pino';
import type { FinishedRequest } from './finished-request.js';

/** How nginx logs a client that went away. */
const CLIENT_CLOSED_REQUEST = 499;

/** Refusals with one cause, of which many log lines would be the next trouble. The metrics count all of them. */
const REFUSALS = new Set<string | undefined>(['OVERLOADED', 'DATABASE_UNAVAILABLE', 'ISSUER_UNAVAILABLE', 'NOT_READY']);

/** What monitoring asks for every few seconds. */
const MONITORING = new Set<string | undefined>(['/health/live', '/health/ready', '/metrics']);

/**
 * One line for each request: who asked for what, what came of it and how long it took. No queries, no bodies, no data of
 * customers. Of the requests that cost next to nothing, only a sample is logged.
 */
export class RequestLog {
  private unlogged = 0;

  /** @param every one of so many cheap requests is logged; 0 for none */
  constructor(
    private readonly log: Logger,
    private readonly every: number,
  ) {}

  note(request: FinishedRequest): void {
    if (!isCheap(request) || this.isNextOfSample()) this.write(request);
  }

  /** Whether it is the turn of this cheap request, which the caller has to write then. */
  isNextOfSample(): boolean {
    this.unlogged += 1;
    if (this.unlogged !== this.every) return false;
    this.unlogged = 0;
    return true;
  }

  write({ id, subject, method, route, status, outcome, milliseconds, problemCode }: FinishedRequest): void {
    const isAborted = status === 'aborted';
    const request = {
      id,
      subject,
      method,
      route: route ?? null,
      status: isAborted ? CLIENT_CLOSED_REQUEST : status,
      ...(isAborted ? { aborted: true } : {}),
      ...(problemCode === undefined ? {} : { code: problemCode }),
      cache: outcome,
      milliseconds: Math.round(milliseconds * 1_000) / 1_000,
    };
    this.log.info({ context: 'Request', request }, `${method} ${route ?? '(no route)'}: ${status}`);
  }
}

function isCheap({ outcome, status, route, problemCode }: FinishedRequest): boolean {
  if (REFUSALS.has(problemCode)) return true;
  if (status === 'aborted' || status >= 400) return false;
  return outcome === 'l1' || status === 304 || MONITORING.has(route);
}
