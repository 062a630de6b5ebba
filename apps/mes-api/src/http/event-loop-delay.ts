/** Time between two measurements, in milliseconds. */
const INTERVAL = 100;

/** The delay is averaged over this many measurements, because a single pause is not an overload. */
const MEASUREMENTS = 10;

/** The delay of the event loop, averaged over the last second: how late timers fire. */
export class EventLoopDelay {
  private readonly delays: number[] = [];
  private readonly timer: NodeJS.Timeout;
  private due = performance.now() + INTERVAL;

  constructor() {
    this.timer = setInterval(() => {
      this.measure();
    }, INTERVAL).unref();
  }

  /** In milliseconds. */
  get mean(): number {
    return this.delays.reduce((sum, delay) => sum + delay, 0) / MEASUREMENTS;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private measure(): void {
    const now = performance.now();
    this.delays.push(Math.max(0, now - this.due));
    if (this.delays.length > MEASUREMENTS) this.delays.shift();
    this.due = now + INTERVAL;
  }
}
