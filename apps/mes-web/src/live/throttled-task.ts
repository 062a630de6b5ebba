/**
 * A task that runs on request, never twice at once.
 *
 * Requests during a run lead to one further run. The pause between two runs is at least as long as the last run, so that the
 * load on the API does not grow with the number of events.
 */
export class ThrottledTask {
  private wanted = false;
  private running = false;

  /** @param minimumPause in milliseconds */
  constructor(
    private readonly run: () => Promise<void>,
    private readonly minimumPause: number,
  ) {}

  /** Makes a run start after this call. */
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
      await new Promise((resolve) => setTimeout(resolve, Math.max(this.minimumPause, took)));
    }
    this.running = false;
  }
}
