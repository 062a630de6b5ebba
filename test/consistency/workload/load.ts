/** An actor that does one thing at a time. */
export interface Worker {
  act(): Promise<void>;
}

/** Workers that act again and again until `stop`. */
export class Load {
  private stopped = false;
  private readonly working: Promise<void>;

  constructor(workers: readonly Worker[]) {
    this.working = Promise.all(workers.map((worker) => this.work(worker))).then(() => undefined);
    // `stop` reports the error; this handler prevents an unhandled rejection.
    this.working.catch(() => undefined);
  }

  /** Waits until all workers have finished their current action. It may be called again. */
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
