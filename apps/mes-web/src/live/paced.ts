/**
 * Runs something over and over, as often as it is asked for, but never twice at once, and leaving at least as much time
 * between two runs as a run takes: what it asks the API for must not grow with the number of events.
 */
export class Paced {
  private wanted = false;
  private running = false;

  /** @param leastPause in milliseconds */
  constructor(
    private readonly run: () => Promise<void>,
    private readonly leastPause: number,
  ) {}

  /** Has a run begin after this call. */
  request(): void {
    this.wanted = true;
    if (!this.running) void this.runAll();
  }

  private async runAll(): Promise<void> {
    this.running = true;
    while (this.wanted) {
      this.wanted = false;
      const began = performance.now();
      await this.run().catch(() => undefined);
      const took = performance.now() - began;
      await new Promise((resolve) => setTimeout(resolve, Math.max(this.leastPause, took)));
    }
    this.running = false;
  }
}
