// A preload for the API. Its clock is CLOCK_AHEAD_MS milliseconds ahead, and jumps at each SIGUSR2.

const TEN_MINUTES_MS = 600_000;
/** The lead of the clock after each signal, in milliseconds. */
const JUMPS = [TEN_MINUTES_MS, -TEN_MINUTES_MS, 0];

const RealDate = Date;
let ahead = Number(process.env.CLOCK_AHEAD_MS ?? 0);

process.on('SIGUSR2', () => {
  ahead = JUMPS.shift() ?? 0;
});

/** A `Date` with a wrong current time, and otherwise the original behaviour. */
class WrongDate extends RealDate {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(WrongDate.now());
    else super(...(given as [string]));
  }

  static override now(): number {
    return RealDate.now() + ahead;
  }
}

globalThis.Date = WrongDate as DateConstructor;
