import { ServiceUnavailableException } from '@nestjs/common';
import type { CacheOptions } from '../cache.options.js';
import { Askers, NOBODY } from '../flow/askers.js';
import { DeadlineExceededError, withDeadline } from '../flow/deadline.js';

/** Too many loads wait already. One more would only make all of them wait longer. */
export class TooManyLoadsError extends ServiceUnavailableException {
  readonly code = 'CACHE_TOO_MANY_LOADS';

  constructor() {
    super('too many responses are being loaded already');
  }
}

/** A load did not end in time. It may go on at the source, but nobody waits for it any more. */
export class LoadTimeoutError extends ServiceUnavailableException {
  readonly code = 'CACHE_LOAD_TIMEOUT';

  constructor(milliseconds: number) {
    super(`a response could not be loaded within ${milliseconds} ms`);
  }
}

type LoadLimitOptions = Pick<CacheOptions, 'maxLoads' | 'maxWaitingLoads' | 'loadQueueTimeout' | 'loadTimeout'>;

/** The loads of one asker, which is known as long as it has any. */
interface Queue {
  readonly asker: string;
  /** Fraction of all places, running and waiting, that it may take. */
  readonly share: number;
  running: number;
  /** Each takes its turn when it is called. */
  readonly waiting: Set<() => void>;
}

/**
 * Bounds the loads that run and wait at the same time: being refused at once is better than waiting in vain. Askers take
 * turns, and one asker has at most half of the places, so that the others are served as well. What several askers wait for is a load
 * of nobody.
 */
export class LoadLimit {
  private readonly queues = new Map<string, Queue>();
  private running = 0;
  private waiting = 0;

  constructor(private readonly options: LoadLimitOptions) {}

  /**
   * Settles like `load`, which begins when it is its turn.
   *
   * @param askers the callers on whose behalf it is loaded; loads of nobody may take all places
   * @throws {TooManyLoadsError} when too many loads wait already, or its turn does not come in time
   * @throws {LoadTimeoutError}
   */
  async run<T>(load: () => Promise<T>, askers = new Askers()): Promise<T> {
    let queue = this.queueOf(askers.charged);
    if (this.mayRun(queue)) this.take(queue);
    else queue = await this.turn(queue, askers);
    try {
      return await withDeadline(load(), this.options.loadTimeout);
    } catch (error) {
      throw error instanceof DeadlineExceededError ? new LoadTimeoutError(error.milliseconds) : error;
    } finally {
      this.running -= 1;
      queue.running -= 1;
      this.callNext();
      this.forgetIdle(queue);
    }
  }

  private queueOf(asker: string): Queue {
    const share = asker === NOBODY ? 1 : 1 / 2;
    return this.queues.get(asker) ?? { asker, share, running: 0, waiting: new Set() };
  }

  private forgetIdle({ asker, running, waiting }: Queue): void {
    if (running === 0 && waiting.size === 0) this.queues.delete(asker);
  }

  private mayRun({ share, running }: Queue): boolean {
    const { maxLoads } = this.options;
    return this.running < maxLoads && running < Math.ceil(maxLoads * share);
  }

  private take(queue: Queue): void {
    this.queues.set(queue.asker, queue);
    this.running += 1;
    queue.running += 1;
  }

  /** @returns the queue whose turn it was */
  private turn(first: Queue, askers: Askers): Promise<Queue> {
    let queue = first;
    const { maxWaitingLoads, loadQueueTimeout } = this.options;
    if (this.waiting >= maxWaitingLoads || queue.waiting.size >= Math.ceil(maxWaitingLoads * queue.share)) {
      return Promise.reject(new TooManyLoadsError());
    }
    this.waiting += 1;
    return new Promise((resolve, reject) => {
      const wait = (): void => {
        this.queues.set(queue.asker, queue);
        queue.waiting.add(call);
      };
      const leave = (): void => {
        clearTimeout(timer);
        askers.onShared(undefined);
        queue.waiting.delete(call);
        this.waiting -= 1;
      };
      const call = (): void => {
        leave();
        this.take(queue);
        resolve(queue);
      };
      const timer = setTimeout(() => {
        leave();
        this.forgetIdle(queue);
        reject(new TooManyLoadsError());
      }, loadQueueTimeout);
      wait();
      askers.onShared(() => {
        queue.waiting.delete(call);
        this.forgetIdle(queue);
        queue = this.queueOf(NOBODY);
        wait();
        this.callNext();
      });
    });
  }

  /** Gives free places to the askers in turn. */
  private callNext(): void {
    for (const [asker, queue] of this.queues) {
      const [call] = queue.waiting;
      if (!call || !this.mayRun(queue)) continue;
      // This asker comes last the next time.
      this.queues.delete(asker);
      this.queues.set(asker, queue);
      call();
      if (this.running >= this.options.maxLoads) return;
    }
  }
}
