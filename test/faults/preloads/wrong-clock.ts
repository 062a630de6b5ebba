// To be loaded before the API: its clock is CLOCK_AHEAD_MS ahead of all others, in milliseconds, and jumps at each SIGUSR2.

const TEN_MINUTES_MS = 600_000;
/** How far it is ahead after one signal after the other. */
const JUMPS = [TEN_MINUTES_MS, -TEN_MINUTES_MS, 0];

const RealDate = Date;
let ahead = Number(process.env.CLOCK_AHEAD_MS ?? 0);

process.on('SIGUSR2', () => {
  ahead = JUMPS.shift() ?? 0;
});

/** Tells a time that is not the right one; everything else of it is as it was. */
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
