import type { Call } from '../history/call.js';

/** What a client keeps an eye on: `hot` is what everybody polls and writes change; `calm` is what nobody changes. */
export type Watched = 'hot' | 'calm';

/** What the cache did for an answer: it had it, it did not have it, or it was not asked. */
export type CacheUse = 'hit' | 'miss' | 'bypass';

/** How one request went, besides what its answer says. */
export interface Exchange {
  readonly instance: string;
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** Absent if the connection broke. */
  readonly status: number | undefined;
  readonly retryAfter: boolean;
  /** Absent from answers that are never cached. */
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

/** Everything that clients did, in the order in which it ended. */
export class Recorder {
  calls: Call[] = [];
  exchanges: Exchange[] = [];
  /** Lists and the like that were asked for, without the pages behind a cursor; by whom in front of it. */
  readonly questions = new Set<string>();

  note(call: Call, exchange: Exchange): void {
    this.calls.push(call);
    this.exchanges.push(exchange);
  }

  /** Begins anew. */
  reset(): void {
    this.calls = [];
    this.exchanges = [];
  }
}
