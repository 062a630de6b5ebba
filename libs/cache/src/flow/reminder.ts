import { Logger } from '@nestjs/common';

/** The pause before a cause is said a second time, in milliseconds. It doubles from time to time. */
const FIRST_PAUSE = 10_000;

/** The longest pause, in milliseconds. */
const LONGEST_PAUSE = 10 * 60_000;

/** A cause that was not heard of for this long, in milliseconds, is new when it comes back. */
const FORGOTTEN_AFTER = 60_000;

interface Known {
  heardAt: number;
  saidAt: number;
  pause: number;
}

/**
 * Decides when a trouble is said in the log: at once when it begins, and again at growing intervals while it lasts or keeps coming
 * back. So the log neither floods nor falls silent while something is away.
 *
 * @publicApi
 */
export class Reminder {
  /** In the order in which they were last heard of. */
  private readonly known = new Map<string, Known>();

  /** @param now a clock that never goes back, in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Notes that a trouble occurs or lasts.
   *
   * @param cause what is said; each cause has intervals of its own
   * @returns whether to say it now
   */
  isDue(cause: string): boolean {
    const now = this.now();
    for (const [name, { heardAt }] of this.known) {
      if (now - heardAt < FORGOTTEN_AFTER) break;
      this.known.delete(name);
    }
    const known = this.known.get(cause);
    this.known.delete(cause);
    if (!known) {
      this.known.set(cause, { heardAt: now, saidAt: now, pause: FIRST_PAUSE });
      return true;
    }
    this.known.set(cause, known);
    known.heardAt = now;
    if (now - known.saidAt < known.pause) return false;
    known.saidAt = now;
    known.pause = Math.min(known.pause * 2, LONGEST_PAUSE);
    return true;
  }
}

/** A logger of troubles, each of which is said when a {@link Reminder} says so. */
export class TroubleLogger extends Logger {
  private readonly reminder = new Reminder();

  /**
   * @param cause what the trouble is, without details that differ each time
   * @returns whether it was said
   */
  trouble(message: string, cause = message): boolean {
    const isDue = this.reminder.isDue(cause);
    if (isDue) this.warn(message);
    return isDue;
  }
}
