/** Somebody who does one thing after the other. */
export interface Worker {
  /** Does the next thing. */
  act(): Promise<void>;
}

/** Workers at work, until they are told to stop. */
export class Load {
  private stopped = false;
  private readonly working: Promise<void>;

  constructor(workers: readonly Worker[]) {
    this.working = Promise.all(workers.map((worker) => this.work(worker))).then(() => undefined);
    // Whoever waits for them hears of it.
    this.working.catch(() => undefined);
  }

  /** Resolves when everybody has done what they were doing. May be called again. */
  stop(): Promise<void> {
    this.stopped = true;
    return this.working;
  }

  private async work(worker: Worker): Promise<void> {
    try {
      while (!this.stopped) await worker.act();
    } finally {
      this.stopped = true;
    }
  }
}
