import { Injectable } from '@nestjs/common';
import { Problem } from '../problem-details/problem.js';

/** How much one caller may have under way through an instance. */
export interface FairSharesOptions {
  /** Requests that are served at the same time. */
  readonly atOnce: number;
  /** How many more wait for their turn. */
  readonly waiting: number;
  /** How long a request waits for its turn, in milliseconds. */
  readonly patience: number;
}

export const FAIR_SHARES_DEFAULTS: FairSharesOptions = { atOnce: 16, waiting: 1_000, patience: 10_000 };

interface Share {
  underWay: number;
  /** Each takes its turn when it is called. */
  readonly waiting: Set<() => void>;
}

/** In seconds. */
const RETRY_AFTER = '1';

/**
 * Bounds what each caller has under way, so that one caller cannot take the connections to the database, and the time, of all
 * others. Requests beyond that wait for their turn, in their order.
 */
@Injectable()
export class FairShares {
  private readonly shares = new Map<string, Share>();

  constructor(private readonly options: FairSharesOptions) {}

  /**
   * Resolves when it is the request's turn.
   *
   * @param gone aborted when nobody waits for the answer any more
   * @returns ends the turn
   * @throws {Problem} 429 if too many requests of the caller wait, or this one has waited for too long
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
    const { waiting, patience } = this.options;
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
      const timer = setTimeout(giveUp, patience);
      gone.addEventListener('abort', giveUp);
      share.waiting.add(call);
    });
  }
}

function tooMany(): Problem {
  return new Problem({
    status: 429,
    code: 'TOO_MANY_AT_ONCE',
    detail: 'Too many of your requests are under way: send fewer at the same time.',
    headers: { 'retry-after': RETRY_AFTER },
  });
}
