import { setImmediate as microtasksDone } from 'node:timers/promises';
import type { Scheduler } from 'fast-check';

/** More steps than this, and a run does not come to rest by itself. */
const MAX_STEPS = 20_000;

/** How many times a step is passed over that belongs to what is slow. */
const SLOWNESS = 25;

/** Everything that happens in a run, one step at a time, in an order that fast-check chooses. */
export class Steps {
  private taken = 0;

  /**
   * @param scheduler chooses among the steps that could be taken next
   * @param slow how the steps begin that take long
   * @param delays how many times a step is passed over after it was chosen: most are taken at once, and some come very late
   */
  constructor(
    private readonly scheduler: Scheduler,
    private readonly slow: string | null,
    private readonly delays: Iterator<number>,
  ) {}

  /** How many steps have been taken so far. */
  get count(): number {
    return this.taken;
  }

  /** Resolves when this step is to be taken. */
  async take(label: string): Promise<void> {
    const isSlow = this.slow !== null && label.startsWith(this.slow);
    const delay = isSlow ? SLOWNESS : (this.delays.next().value as number);
    for (let i = 0; i < delay; i += 1) await this.scheduler.schedule(Promise.resolve(), `${label} is delayed`);
    await this.scheduler.schedule(Promise.resolve(), label);
  }

  /**
   * Takes steps until there are none left.
   *
   * @param beforeEach is told how many were taken so far
   */
  async takeAll(beforeEach: (taken: number) => void = () => undefined): Promise<void> {
    for (;;) {
      beforeEach(this.taken);
      await microtasksDone();
      if (this.scheduler.count() === 0) return;
      if (this.taken >= MAX_STEPS) throw new Error(`the run has not come to rest within ${MAX_STEPS} steps`);
      this.taken += 1;
      await this.scheduler.waitNext(1);
    }
  }
}
