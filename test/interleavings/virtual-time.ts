import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import type { Steps } from './steps.js';

/** The limit for short waits, in milliseconds. Short waits may end at any step. Longer ones end by {@link VirtualTime.fly}. */
const SHORT = 20;

/** Waits of at least so many milliseconds do not end within a run. */
export const NEVER = 1_000_000;

interface Timer {
  readonly due: number;
  readonly fire: () => void;
  unref(): Timer;
}

/**
 * The clock and the timers of one run. They do not depend on the real clock: the interleaving decides when a timer fires.
 */
export class VirtualTime {
  private now = 0;
  private readonly waiting = new Set<Timer>();
  private readonly periodic = new Set<() => void>();

  constructor(private readonly steps: Steps) {}

  /** Ends the wait that is due first, and returns false if there is none. */
  fly(): boolean {
    const [first] = [...this.waiting].sort((one, other) => one.due - other.due);
    if (!first) return false;
    this.waiting.delete(first);
    this.end(first);
    return true;
  }

  /** Runs all interval callbacks once. */
  tick(): void {
    for (const run of this.periodic) run();
  }

  /**
   * Replaces the clock and the timers of Node.
   *
   * @returns a function that restores them
   */
  install(): () => void {
    const { setTimeout, clearTimeout, setImmediate, setInterval, clearInterval } = globalThis;
    const now = performance.now.bind(performance);
    const { setTimeout: delay } = timersPromises;
    const virtual = {
      setTimeout: (run: () => void, milliseconds: number) => this.start(run, milliseconds),
      clearTimeout: (timer: Timer | undefined) => timer && this.waiting.delete(timer),
      setImmediate: (run: () => void) => this.start(run, 0),
      setInterval: (run: () => void) => {
        this.periodic.add(run);
        return { unref: () => undefined, run };
      },
      clearInterval: (timer: { run: () => void } | undefined) => timer && this.periodic.delete(timer.run),
    };
    Object.assign(globalThis, virtual);
    performance.now = () => this.now;
    Object.assign(timersPromises, {
      setTimeout: (milliseconds: number) => new Promise<void>((resolve) => this.start(resolve, milliseconds)),
    });
    syncBuiltinESMExports();
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setImmediate, setInterval, clearInterval });
      performance.now = now;
      timersPromises.setTimeout = delay;
      syncBuiltinESMExports();
    };
  }

  private start(fire: () => void, milliseconds: number): Timer {
    const timer: Timer = { due: this.now + milliseconds, fire, unref: () => timer };
    if (milliseconds >= NEVER) return timer;
    this.waiting.add(timer);
    if (milliseconds < SHORT) {
      void this.steps.take(`${milliseconds} ms are over`).then(() => {
        if (this.waiting.delete(timer)) this.end(timer);
      });
    }
    return timer;
  }

  private end({ due, fire }: Timer): void {
    this.now = Math.max(this.now, due);
    fire();
  }
}
