/** The started servers and connections of a run. They are stopped in reverse order, however the run ends. */
export class Resources {
  private readonly stops: (() => Promise<unknown>)[] = [];
  private readonly starting = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;

  /** Starts a resource and registers its stop. */
  async start<T>(begin: () => Promise<T>, stop: (started: T) => Promise<unknown>): Promise<T> {
    if (this.closing) throw new Error('the run has been stopped');
    const starting = begin().then((started) => {
      this.stops.push(() => stop(started));
      return started;
    });
    this.starting.add(starting);
    try {
      return await starting;
    } finally {
      this.starting.delete(starting);
    }
  }

  /** Stops all resources, also those that are still starting. May be called again. */
  close(): Promise<void> {
    this.closing ??= this.stopAll();
    return this.closing;
  }

  private async stopAll(): Promise<void> {
    await Promise.allSettled(this.starting);
    for (const stop of this.stops.reverse()) {
      await stop().catch((error: unknown) => {
        console.error('A resource could not be stopped:', error);
      });
    }
  }
}
