import { setImmediate as microtasksDone } from 'node:timers/promises';
import type { Scheduler } from 'fast-check';

/** The limit on steps. A run that takes more does not come to rest by itself. */
const MAX_STEPS = 20_000;

/** The number of times that the scheduler passes over a slow step. */
const SLOWNESS = 25;

/** The steps of a run, which happen one at a time in an order that fast-check chooses. */
export class Steps {
  private taken = 0;

  /**
   * @param scheduler chooses among the possible next steps
   * @param slow the first words of slow steps
   * @param delays the number of times that the scheduler passes over each step
   */
  constructor(
    private readonly scheduler: Scheduler,
    private readonly slow: string | null,
    private readonly delays: Iterator<number>,
  ) {}

  /** The number of steps taken so far. */
  get count(): number {
    return this.taken;
  }

  /** Resolves when it is the turn of this step. */
  async take(label: string): Promise<void> {
    const isSlow = this.slow !== null && label.startsWith(this.slow);
    const delay = isSlow ? SLOWNESS : (this.delays.next().value as number);
    for (let i = 0; i < delay; i += 1) await this.scheduler.schedule(Promise.resolve(), `${label} is delayed`);
    await this.scheduler.schedule(Promise.resolve(), label);
  }

  /**
   * Takes steps until there are none left.
   *
   * @param beforeEach is called before each step with the number of steps taken so far
   */
  async takeAll(beforeEach: (taken: number) => void = () => undefined): Promise<void> {
    for (;;) {
      beforeEach(this.taken);
      await microtasksDone();
      if (this.scheduler.count() === 0) return;
      if (this.taken >= MAX_STEPS) throw new Error(`the run did not come to rest within ${MAX_STEPS} steps`);
      this.taken += 1;
      await this.scheduler.waitNext(1);
    }
  }
}
