import type { HourlyThroughputDto } from '../api/client';

export const STEPS = ['created', 'completed', 'shipped'] as const;
export type Step = (typeof STEPS)[number];

/** The number of days before today that are shown. */
const DAYS_BEFORE = 7;

/** How often a step was made on a day, by the clock of the user. */
export interface Day {
  /** The first moment of the day. */
  readonly date: Date;
  readonly count: number;
}

export interface StepDays {
  /** Seven days and today, oldest first. */
  readonly days: readonly Day[];
  readonly today: number;
  /** The average of the seven days, counted up to the present time of the day. */
  readonly usual: number;
}

/** Sums the hours of a step by days. An hour belongs to the day in which it begins. */
export function daysOf(hours: readonly HourlyThroughputDto[], step: Step, now: Date): StepDays {
  const dayBefore = (days: number): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
  const days = Array.from({ length: DAYS_BEFORE + 1 }, (_, i) => ({ date: dayBefore(DAYS_BEFORE - i), count: 0 }));
  let before = 0;
  for (const hour of hours) {
    const begin = new Date(hour.hour);
    const day = days.findLast(({ date }) => date <= begin);
    if (!day) continue;
    day.count += hour[step];
    if (day !== days.at(-1)) before += hour[step] * passed(begin, now);
  }
  return { days, today: days.at(-1)?.count ?? 0, usual: before / DAYS_BEFORE };
}

/** The part of an hour of another day that has passed by this time of the day. */
function passed(begin: Date, now: Date): number {
  const minutes = (time: Date): number => time.getHours() * 60 + time.getMinutes();
  return Math.min(1, Math.max(0, (minutes(now) - minutes(begin)) / 60));
}
