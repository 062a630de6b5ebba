import pLimit, { type LimitFunction } from 'p-limit';

/** The source has to make so many answers already that one more would only make all of them wait longer. */
export class TooManyLoadsError extends Error {
  readonly code = 'CACHE_TOO_MANY_LOADS';

  constructor() {
    super('too many answers are being loaded already');
  }
}

/** Bounds how many answers are loaded at the same time, and how many wait for that: refused soon is better than served never. */
export class LoadLimit {
  private readonly limit: LimitFunction;

  /**
   * @param maxLoads how many loads run at the same time
   * @param maxWaiting how many more wait for their turn
   */
  constructor(
    maxLoads: number,
    private readonly maxWaiting: number,
  ) {
    this.limit = pLimit(maxLoads);
  }

  /**
   * Settles like `load`, which begins when it is its turn.
   *
   * @throws {TooManyLoadsError}
   */
  async run<T>(load: () => Promise<T>): Promise<T> {
    const { concurrency, activeCount, pendingCount } = this.limit;
    if (activeCount + pendingCount >= concurrency + this.maxWaiting) throw new TooManyLoadsError();
    return this.limit(load);
  }
}
