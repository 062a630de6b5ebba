import { UNFINISHED_STATUSES } from '../order-status.js';
import { MOST_COUNTED } from '../order-figures.js';
import { ORDER_PRIORITIES } from '../order.js';
import { URGENCY } from './order-conditions.sql.js';

const DAY = 24 * 60 * 60_000;

/**
 * The statement that counts late orders. Its result are rows `DueCount`, of the statuses and priorities that have any.
 *
 * Its cost does not grow with the number of orders: each count reads a range of an index that has unfinished orders only, and stops
 * at the highest number that is counted.
 *
 * The literal statuses are those of the index, whose condition PostgreSQL has to recognise.
 */
export function dueSql(at: Date): { sql: string; parameters: unknown[] } {
  const statuses = UNFINISHED_STATUSES.map((status) => `'${status}'`).join(', ');
  const priorities = ORDER_PRIORITIES.map((priority) => `('${priority}', ${URGENCY[priority]})`).join(', ');
  const count = (condition: string): string => `(
    SELECT count(*)::integer FROM (
      SELECT FROM orders o
      WHERE o.status IN (${statuses}) AND o.status = s.status AND o.urgency = p.urgency AND ${condition}
      LIMIT ${MOST_COUNTED}
    ) AS counted)`;
  return {
    sql: `
      WITH counts AS MATERIALIZED (
        SELECT s.status, p.priority,
          ${count('o.due_sort < $1')} AS overdue,
          ${count('o.due_sort >= $1 AND o.due_sort < $2')} AS "dueSoon"
        FROM unnest(ARRAY[${statuses}]::order_status[]) WITH ORDINALITY AS s (status, place)
        CROSS JOIN (VALUES ${priorities}) AS p (priority, urgency)
        ORDER BY s.place, p.urgency
      ) SELECT * FROM counts WHERE overdue + "dueSoon" > 0`,
    parameters: [at, new Date(at.getTime() + DAY)],
  };
}
