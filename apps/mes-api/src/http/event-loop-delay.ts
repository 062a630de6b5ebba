/** Between two looks at the clock, in milliseconds. */
const INTERVAL = 100;

/** Looks over which the delay is averaged: one pause, however long, is not an overload. */
const LOOKS = 10;

/** How late the event loop is, on average over the last second: timers fire so much later than they should. */
export class EventLoopDelay {
  private readonly delays: number[] = [];
  private readonly timer: NodeJS.Timeout;
  private due = performance.now() + INTERVAL;

  constructor() {
    this.timer = setInterval(() => {
      this.look();
    }, INTERVAL).unref();
  }

  /** In milliseconds. */
  get mean(): number {
    return this.delays.reduce((sum, delay) => sum + delay, 0) / LOOKS;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = performance.now();
    this.delays.push(Math.max(0, now - this.due));
    if (this.delays.length > LOOKS) this.delays.shift();
    this.due = now + INTERVAL;
  }
}
