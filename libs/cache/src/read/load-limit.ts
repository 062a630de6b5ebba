import { DeadlineExceededError, withDeadline } from '../flow/deadline.js';

/** The source has to make so many answers already that one more would only make all of them wait longer. */
export class TooManyLoadsError extends Error {
  readonly code = 'CACHE_TOO_MANY_LOADS';

  constructor() {
    super('too many answers are being loaded already');
  }
}

/** A load had no end in time. It may still go on at the source, and nobody waits for it any more. */
export class LoadTimeoutError extends Error {
  readonly code = 'CACHE_LOAD_TIMEOUT';

  constructor(milliseconds: number) {
    super(`an answer could not be loaded within ${milliseconds} ms`);
  }
}

/** Times in milliseconds. */
export interface LoadLimitOptions {
  /** How many loads run at the same time. */
  readonly maxLoads: number;
  /** How many more wait for their turn. */
  readonly maxWaitingLoads: number;
  /** How long a load may wait for its turn. */
  readonly loadQueueTimeout: number;
  /** How long a load may take. */
  readonly loadTimeout: number;
}

/** No asker has an empty name. */
const NOBODY = '';

/** The loads of one asker. */
interface Queue {
  /** The part of all turns that it may have, running and waiting. */
  readonly share: number;
  running: number;
  /** Each takes its turn when it is called. */
  readonly waiting: Set<() => void>;
}

/**
 * Bounds how many answers are loaded at the same time, and how many wait for that: refused soon is better than served never.
 * Askers take turns, and one of them has at most half of the turns at the same time, so that others are served as well.
 */
export class LoadLimit {
  private readonly queues = new Map<string, Queue>();
  private running = 0;
  private waiting = 0;

  constructor(private readonly options: LoadLimitOptions) {}

  /**
   * Settles like `load`, which begins when it is its turn.
   *
   * @param asker on whose behalf it is loaded; what is loaded on behalf of nobody may have all turns
   * @throws {TooManyLoadsError} when too many wait already, and when its turn does not come in time
   * @throws {LoadTimeoutError}
   */
  async run<T>(load: () => Promise<T>, asker = NOBODY): Promise<T> {
    const share = asker === NOBODY ? 1 : 1 / 2;
    const queue = this.queues.get(asker) ?? { share, running: 0, waiting: new Set() };
    this.queues.set(asker, queue);
    if (this.mayRun(queue)) this.take(queue);
    else await this.turn(queue);
    try {
      return await withDeadline(load(), this.options.loadTimeout);
    } catch (error) {
      throw error instanceof DeadlineExceededError ? new LoadTimeoutError(error.milliseconds) : error;
    } finally {
      this.running -= 1;
      queue.running -= 1;
      this.callNext();
      if (queue.running === 0 && queue.waiting.size === 0) this.queues.delete(asker);
    }
  }

  private mayRun({ share, running }: Queue): boolean {
    const { maxLoads } = this.options;
    return this.running < maxLoads && running < Math.ceil(maxLoads * share);
  }

  private take(queue: Queue): void {
    this.running += 1;
    queue.running += 1;
  }

  private turn(queue: Queue): Promise<void> {
    const { maxWaitingLoads, loadQueueTimeout } = this.options;
    if (this.waiting >= maxWaitingLoads || queue.waiting.size >= Math.ceil(maxWaitingLoads * queue.share)) {
      return Promise.reject(new TooManyLoadsError());
    }
    this.waiting += 1;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        queue.waiting.delete(call);
        this.waiting -= 1;
      };
      const call = (): void => {
        leave();
        this.take(queue);
        resolve();
      };
      const timer = setTimeout(() => {
        leave();
        reject(new TooManyLoadsError());
      }, loadQueueTimeout);
      queue.waiting.add(call);
    });
  }

  /** Gives free turns to askers one after the other. */
  private callNext(): void {
    for (const [asker, queue] of this.queues) {
      const [call] = queue.waiting;
      if (!call || !this.mayRun(queue)) continue;
      // Whoever has had a turn comes last the next time.
      this.queues.delete(asker);
      this.queues.set(asker, queue);
      call();
      if (this.running >= this.options.maxLoads) return;
    }
  }
}
