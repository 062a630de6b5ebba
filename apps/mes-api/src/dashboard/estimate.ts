import type { TimedClass } from '../orders/order-figures.js';

/**
 * Estimates the duration that this share of the orders did not exceed, in whole seconds. Within a class, the durations are taken to
 * be spread evenly. Null without orders.
 */
export function estimate(times: readonly TimedClass[], share: number): number | null {
  const counts = new Map<number, { upTo: number; count: number }>();
  for (const { from, upTo, count } of times) {
    counts.set(from, { upTo, count: (counts.get(from)?.count ?? 0) + count });
  }
  const total = times.reduce((sum, { count }) => sum + count, 0);
  let rest = share * total;
  for (const [from, { upTo, count }] of [...counts].sort(([a], [b]) => a - b)) {
    if (rest <= count && count > 0) return Math.round(from + (upTo - from) * (rest / count));
    rest -= count;
  }
  return null;
}
