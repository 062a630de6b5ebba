import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import type { Steps } from './steps.js';

/** Shorter waits, in milliseconds, may end at any moment; longer ones do when nothing else happens, or when time flies. */
const SHORT = 20;

/** Waits that are at least so long, in milliseconds, do not end within a run. */
export const NEVER = 1_000_000;

interface Timer {
  readonly due: number;
  readonly fire: () => void;
  unref(): Timer;
}

/**
 * The clock and the timers of one run. Nothing ever waits for the clock of the machine: whether a timer fires before or after
 * something else happens is part of the interleaving.
 */
export class VirtualTime {
  private now = 0;
  private readonly waiting = new Set<Timer>();
  private readonly periodic = new Set<() => void>();

  constructor(private readonly steps: Steps) {}

  /** Lets the long wait end that is the first to be over; false if there is none. */
  fly(): boolean {
    const [first] = [...this.waiting].sort((one, other) => one.due - other.due);
    if (!first) return false;
    this.waiting.delete(first);
    this.end(first);
    return true;
  }

  /** Lets everything happen that happens at intervals. */
  tick(): void {
    for (const run of this.periodic) run();
  }

  /**
   * Puts this clock and these timers in the place of Node's.
   *
   * @returns puts Node's back
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
