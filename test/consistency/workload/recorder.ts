import type { Call } from '../history/call.js';

/** How one request went, besides what its answer says. */
export interface Exchange {
  readonly instance: string;
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** Absent if the connection broke. */
  readonly status: number | undefined;
  readonly retryAfter: boolean;
  readonly isHit: boolean;
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
