import type { Call } from '../history/call.js';

/** The kind of polled responses: `hot` ones change with writes, `calm` ones never change. */
export type Watched = 'hot' | 'calm';

/** The part of the cache in a response: a hit, a miss, or a bypass of the cache. */
export type CacheUse = 'hit' | 'miss' | 'bypass';

/** The record of one request, without the contents of its response. */
export interface Exchange {
  readonly instance: string;
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** Absent if the connection broke. */
  readonly status: number | undefined;
  readonly retryAfter: boolean;
  /** Absent from responses that are never cached. */
  readonly cache: CacheUse | undefined;
  /** Absent from requests of clients that do not poll. */
  readonly watched: Watched | undefined;
}

/** Reads the first member of `Cache-Status` (RFC 9211). */
export function cacheUseOf(cacheStatus: string | string[] | undefined): CacheUse | undefined {
  const text = String(cacheStatus ?? '');
  if (text === '') return undefined;
  if (text.includes('; hit')) return 'hit';
  return text.includes('fwd=bypass') ? 'bypass' : 'miss';
}

/** The record of all calls, in the order of their ends. */
export class Recorder {
  calls: Call[] = [];
  exchanges: Exchange[] = [];
  /** All reads without a cursor, each as the actor and the path. */
  readonly questions = new Set<string>();

  note(call: Call, exchange: Exchange): void {
    this.calls.push(call);
    this.exchanges.push(exchange);
  }

  reset(): void {
    this.calls = [];
    this.exchanges = [];
  }
}
