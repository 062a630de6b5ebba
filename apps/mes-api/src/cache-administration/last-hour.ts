/** What the cache did in a minute. */
export interface MinuteCounts {
  /** Start of the minute. */
  readonly minute: Date;
  readonly requests: number;
  /** Requests that were answered without asking the database for them. */
  readonly spared: number;
  /** Times that the database was asked. */
  readonly loads: number;
}

type Totals = Omit<MinuteCounts, 'minute'>;

const MINUTES = 60;
const MINUTE = 60_000;

/**
 * The counts of each minute of the last hour. They are the differences of totals that are noted about once a minute, so counting
 * costs nothing. What happened between two notes belongs to the minute of the earlier one.
 */
export class LastHour {
  private readonly notes: { readonly minute: number; readonly totals: Totals }[];

  constructor(now: Date, totals: Totals) {
    this.notes = [{ minute: minuteOf(now), totals }];
  }

  /** Notes the present totals. Within the minute of the last note, nothing is noted. */
  note(now: Date, totals: Totals): void {
    const minute = minuteOf(now);
    const last = this.notes.at(-1);
    // A clock set back starts the hour anew.
    if (last && minute < last.minute) this.notes.length = 0;
    if (last?.minute !== minute) this.notes.push({ minute, totals });
    while (this.notes[0] && this.notes[0].minute <= minute - MINUTES) this.notes.shift();
  }

  /** The minutes up to now, without gaps, oldest first. */
  until(now: Date, totals: Totals): MinuteCounts[] {
    this.note(now, totals);
    const minutes: MinuteCounts[] = [];
    this.notes.forEach(({ minute, totals: before }, i) => {
      const next = this.notes[i + 1];
      minutes.push({ minute: new Date(minute * MINUTE), ...difference(next?.totals ?? totals, before) });
      for (let idle = minute + 1; next && idle < next.minute; idle += 1) {
        minutes.push({ minute: new Date(idle * MINUTE), requests: 0, spared: 0, loads: 0 });
      }
    });
    return minutes;
  }
}

function minuteOf(time: Date): number {
  return Math.floor(time.getTime() / MINUTE);
}

function difference(later: Totals, earlier: Totals): Totals {
  return {
    requests: later.requests - earlier.requests,
    spared: later.spared - earlier.spared,
    loads: later.loads - earlier.loads,
  };
}
