import { Reminder } from '@mes/cache';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { SharedCount, SharedCounters } from './shared-counters.js';

/** How long a caller is counted before counting begins anew, in milliseconds. */
export const WINDOW_MS = 60_000;

/** How often the processes tell each other what they have counted, in milliseconds. */
const SHARING_INTERVAL_MS = 100;

/** Callers who are counted; of more, those that were not seen the longest are begun anew. */
const MAX_CALLERS = 100_000;

/** Whether a request may pass. */
export interface Verdict {
  readonly admitted: boolean;
  /** Requests that the caller has left. */
  readonly remaining: number;
  /** In how many milliseconds counting begins anew. */
  readonly resetsIn: number;
}

/** The requests of a caller from the first one on. */
interface Window {
  readonly caller: string;
  /** Admitted by all processes, as far as this one knows. */
  taken: number;
  /** Those among them that the other processes have not been told of. */
  unshared: number;
  endsAt: number;
}

export interface RateLimiterOptions {
  /** Requests of each caller in a minute; 0 for any number. */
  readonly limit: number;
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number;
}

/**
 * Counts the requests of each caller, a minute at a time, and admits as many as the limit allows.
 *
 * A request is judged at once, by what this process knows; what it has counted is brought together with the counts of the
 * others in the background, many callers and requests at a time. So a caller who uses several processes may get more than
 * the limit: on each but one of them, what is admitted there between two exchanges. Who is refused is not counted, and waits
 * for the end of the minute.
 */
@Injectable()
export class RateLimiter implements OnApplicationShutdown {
  readonly limit: number;
  private readonly logger = new Logger(RateLimiter.name);
  private readonly reminder = new Reminder();
  private readonly now: () => number;
  private readonly windows = new LRUCache<string, Window>({ max: MAX_CALLERS });
  private unshared = new Map<string, Window>();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly shared: Pick<SharedCounters, 'add'>,
    { limit, now = () => performance.now() }: RateLimiterOptions,
  ) {
    this.limit = limit;
    this.now = now;
  }

  /** Whether requests are counted at all. */
  get enabled(): boolean {
    return this.limit > 0;
  }

  /** Takes one request of those that the caller has left, if there is one. */
  take(caller: string): Verdict {
    const now = this.now();
    const window = this.windowOf(caller, now);
    const resetsIn = window.endsAt - now;
    if (window.taken >= this.limit) return { admitted: false, remaining: 0, resetsIn };

    window.taken += 1;
    window.unshared += 1;
    this.unshared.set(caller, window);
    this.timer ??= this.shareLater();
    return { admitted: true, remaining: this.limit - window.taken, resetsIn };
  }

  onApplicationShutdown(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private windowOf(caller: string, now: number): Window {
    const known = this.windows.get(caller);
    if (known && now < known.endsAt) return known;

    const window = { caller, taken: 0, unshared: 0, endsAt: now + WINDOW_MS };
    this.windows.set(caller, window);
    return window;
  }

  private shareLater(): NodeJS.Timeout {
    return setTimeout(() => void this.share(), SHARING_INTERVAL_MS);
  }

  /** Tells the others what was counted here, and learns what they have counted. */
  private async share(): Promise<void> {
    const now = this.now();
    const windows = [...this.unshared.values()].filter(({ endsAt }) => now < endsAt);
    const additions = new Map(windows.map(({ caller, unshared }) => [caller, unshared]));
    this.unshared = new Map();
    try {
      const counts = await this.shared.add(additions, WINDOW_MS);
      // What could not be told stays, and goes along with the caller's next request.
      for (const window of windows) this.learn(window, additions.get(window.caller), counts?.get(window.caller));
    } catch (error) {
      const reason = String(error);
      if (this.reminder.isDue(reason)) this.logger.error(`requests could not be counted together: ${reason}`);
    }
    this.timer = this.unshared.size > 0 && !this.closed ? this.shareLater() : undefined;
  }

  private learn(window: Window, told = 0, count?: SharedCount): void {
    if (!count) return;
    window.unshared -= told;
    window.taken = count.total + window.unshared;
    window.endsAt = this.now() + count.endsIn;
  }
}
