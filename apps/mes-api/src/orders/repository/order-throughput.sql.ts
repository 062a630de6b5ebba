import type { OrderThroughput, TimedClass } from '../order-figures.js';

const HOUR = 60 * 60_000;
const MINUTE_IN_SECONDS = 60;
const CLASSES_PER_DOUBLING = 4;

interface Milestones {
  readonly hour: string;
  readonly milestone: 'MANUFACTURING_STARTED' | 'MANUFACTURING_COMPLETED' | 'SHIPPED';
  readonly duration_class: number;
  readonly count: number;
}

export interface ThroughputRow {
  /** Each hour with the number of orders created in it. */
  readonly created: readonly { readonly hour: string; readonly count: number }[];
  readonly milestones: readonly Milestones[] | null;
  readonly as_of: Date;
}

/**
 * The statement for the throughput. Its result is a {@link ThroughputRow}.
 *
 * It reads maintained counts only. They have a limited number of rows for each hour, so its cost grows neither with the number of
 * orders nor with that of their changes.
 */
export function throughputSql(lastHour: Date, hours: number): { sql: string; parameters: unknown[] } {
  return {
    sql: `SELECT
      (SELECT json_agg(json_build_object('hour', wanted.hour, 'count', coalesce(total, 0)) ORDER BY wanted.hour)
        FROM generate_series($1::timestamptz, $2::timestamptz, interval '1 hour') AS wanted (hour)
        LEFT JOIN (SELECT hour, sum(count) AS total FROM order_arrivals
          WHERE hour BETWEEN $1 AND $2 GROUP BY hour) AS arrived USING (hour)) AS created,
      (SELECT json_agg(reached) FROM (
        SELECT hour, milestone, duration_class, sum(count)::integer AS count FROM order_milestones
        WHERE hour BETWEEN $1 AND $2 GROUP BY hour, milestone, duration_class) AS reached) AS milestones,
      clock_timestamp() AS as_of`,
    parameters: [new Date(lastHour.getTime() - (hours - 1) * HOUR), lastHour],
  };
}

export function throughputOf({ created, milestones, as_of }: ThroughputRow): OrderThroughput {
  const byHour = new Map<number, Milestones[]>();
  for (const one of milestones ?? []) {
    const hour = Date.parse(one.hour);
    byHour.set(hour, [...(byHour.get(hour) ?? []), one]);
  }
  return {
    hours: created.map(({ hour, count }) => {
      const reached = byHour.get(Date.parse(hour)) ?? [];
      const of = (wanted: Milestones['milestone']): Milestones[] =>
        reached.filter(({ milestone }) => milestone === wanted);
      const [started, completed] = [of('MANUFACTURING_STARTED'), of('MANUFACTURING_COMPLETED')];
      return {
        hour: new Date(hour),
        created: count,
        started: sumOf(started),
        completed: sumOf(completed),
        shipped: sumOf(of('SHIPPED')),
        timesToStart: timesOf(started),
        timesToComplete: timesOf(completed),
      };
    }),
    asOf: as_of,
  };
}

function sumOf(reached: readonly Milestones[]): number {
  return reached.reduce((sum, { count }) => sum + count, 0);
}

/** The known durations. The classes are those of the function `duration_class` in the database. */
function timesOf(reached: readonly Milestones[]): TimedClass[] {
  return reached
    .filter(({ duration_class }) => duration_class >= 0)
    .map(({ duration_class, count }) => ({
      from: duration_class === 0 ? 0 : edgeOf(duration_class - 1),
      upTo: edgeOf(duration_class),
      count,
    }));
}

/** The upper edge of a class, in seconds. */
function edgeOf(durationClass: number): number {
  return MINUTE_IN_SECONDS * 2 ** (durationClass / CLASSES_PER_DOUBLING);
}
