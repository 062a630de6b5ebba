import { Injectable } from '@nestjs/common';
import { Problem } from '../problem-details/problem.js';

/** Limits of one caller at one instance. */
export interface FairSharesOptions {
  /** Requests served at the same time. */
  readonly atOnce: number;
  /** Further requests that may wait for their turn. */
  readonly waiting: number;
  /** Longest time that a request waits for its turn, in milliseconds. */
  readonly timeout: number;
}

export const FAIR_SHARES_DEFAULTS: FairSharesOptions = { atOnce: 16, waiting: 1_000, timeout: 10_000 };

interface Share {
  underWay: number;
  /** The requests that wait, in order. Calling one starts its turn. */
  readonly waiting: Set<() => void>;
}

/** In seconds. */
const RETRY_AFTER = '1';

/**
 * Limits the concurrent requests of each caller, so that one caller cannot take up all database connections and all time.
 * Further requests wait for their turn, first come first served.
 */
@Injectable()
export class FairShares {
  private readonly shares = new Map<string, Share>();

  constructor(private readonly options: FairSharesOptions) {}

  /**
   * Waits for the turn of a request.
   *
   * @param gone aborted when the client has disconnected
   * @returns a function that ends the turn
   * @throws {Problem} 429 if too many requests of the caller wait, or this one has waited too long
   */
  async enter(caller: string, gone: AbortSignal): Promise<() => void> {
    const share = this.shares.get(caller) ?? { underWay: 0, waiting: new Set() };
    this.shares.set(caller, share);
    if (share.underWay < this.options.atOnce) share.underWay += 1;
    else await this.turn(share, gone);
    return () => {
      share.underWay -= 1;
      const [call] = share.waiting;
      call?.();
      if (share.underWay === 0) this.shares.delete(caller);
    };
  }

  private turn(share: Share, gone: AbortSignal): Promise<void> {
    const { waiting, timeout } = this.options;
    if (gone.aborted) return Promise.reject(tooMany());
    if (share.waiting.size >= waiting) return Promise.reject(tooMany());
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        gone.removeEventListener('abort', giveUp);
        share.waiting.delete(call);
      };
      const call = (): void => {
        leave();
        share.underWay += 1;
        resolve();
      };
      const giveUp = (): void => {
        leave();
        reject(tooMany());
      };
      const timer = setTimeout(giveUp, timeout);
      gone.addEventListener('abort', giveUp);
      share.waiting.add(call);
    });
  }
}

function tooMany(): Problem {
  return new Problem({
    status: 429,
    code: 'TOO_MANY_AT_ONCE',
    detail: 'Too many of your requests are in progress: send fewer at the same time.',
    headers: { 'retry-after': RETRY_AFTER },
  });
}
