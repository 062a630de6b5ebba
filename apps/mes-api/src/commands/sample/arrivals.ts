import { DAY, demandAt, HOUR } from './calendar.js';
import type { Random } from './random.js';

/** About 18 months. */
const SPAN = 548 * DAY;
const RECENT = 42 * DAY;

/** The `count` times at which orders came in before `until`, in milliseconds since 1970, oldest first. */
export function* arrivals(count: number, until: number, random: Random): Generator<number> {
  const hours = demandByHour(until, random);
  const total = hours.reduce((sum, { demand }) => sum + demand, 0);
  let demanded = 0;
  let arrived = 0;
  for (const [i, { begin, length, demand }] of hours.entries()) {
    demanded += demand;
    // Rounding the running total instead of each hour keeps the sum exact.
    const due = i === hours.length - 1 ? count : Math.round((count * demanded) / total);
    yield* Array.from({ length: due - arrived }, () => begin + Math.floor(random.fraction() * length)).sort(
      (a, b) => a - b,
    );
    arrived = due;
  }
}

/** The last hour ends at `until`. */
function demandByHour(until: number, random: Random): { begin: number; length: number; demand: number }[] {
  const first = Math.floor((until - SPAN) / HOUR) * HOUR;
  const count = Math.ceil((until - first) / HOUR);
  return Array.from({ length: count }, (_, i) => {
    const begin = first + i * HOUR;
    const length = Math.min(HOUR, until - begin);
    const chance = 0.7 + 0.6 * random.fraction();
    return { begin, length, demand: demandAt(begin) * growth(until - begin) * chance * (length / HOUR) };
  });
}

/** The demand grows over time, and most in the last weeks. */
function growth(age: number): number {
  const steady = 1 - (0.5 * age) / SPAN;
  return age > RECENT ? steady : steady * (1 + 0.6 * (1 - age / RECENT));
}
