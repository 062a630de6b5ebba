import { MOST_OPERATORS, MOST_STARTED, type StartedOrder, type Workload } from '../order-figures.js';

/** A shown order with its operator. All rows have the same totals. */
export interface WorkloadRow extends Omit<StartedOrder, 'dueAt'> {
  readonly dueAt: Date | null;
  readonly operator: string;
  readonly count: number;
  readonly operatorCount: number;
  readonly orderCount: number;
}

/**
 * The statement that reads who works on what. Its rows are `WorkloadRow`.
 *
 * It counts the started orders in a range of an index, whatever the number of others, and then reads only the orders that are shown.
 */
export const WORKLOAD_SQL = `
  SELECT operator, count, "operatorCount", "orderCount", o.id, number, product, priority, "dueAt"
  FROM (
    SELECT assignee AS operator, count(*)::integer AS count, min(due_sort) AS first_due,
      (count(*) OVER ())::integer AS "operatorCount", (sum(count(*)) OVER ())::integer AS "orderCount"
    FROM orders WHERE status = 'MANUFACTURING_STARTED' GROUP BY assignee
    ORDER BY first_due, operator LIMIT ${MOST_OPERATORS}
  ) AS operators
  CROSS JOIN LATERAL (
    SELECT id, number, product_name AS product, priority, due_at AS "dueAt", due_sort
    FROM orders WHERE status = 'MANUFACTURING_STARTED' AND assignee = operator
    ORDER BY due_sort, id LIMIT ${MOST_STARTED}
  ) AS o
  ORDER BY first_due, operator, due_sort, o.id`;

export function workloadOf(rows: readonly WorkloadRow[]): Workload {
  const operators = new Map<string, { operator: string; count: number; orders: StartedOrder[] }>();
  for (const { operator, count, id, number, product, priority, dueAt } of rows) {
    const workload = operators.get(operator) ?? { operator, count, orders: [] };
    workload.orders.push({ id, number, product, priority, dueAt: dueAt ?? undefined });
    operators.set(operator, workload);
  }
  const [{ operatorCount, orderCount } = { operatorCount: 0, orderCount: 0 }] = rows;
  return { operators: [...operators.values()], operatorCount, orderCount };
}
