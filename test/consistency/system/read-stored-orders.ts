import type { OrdersTable } from '../../support/orders-table.js';
import type { StoredChange, StoredOrder } from '../history/stored-order.js';

type Row = Omit<StoredOrder, 'createdAt' | 'dueAt' | 'changes'> & {
  readonly createdAt: Date;
  readonly dueAt: Date | null;
  readonly changes: readonly StoredChange[] | null;
};

/** Reads all orders and their status changes directly from the database. */
export async function readStoredOrders(table: OrdersTable): Promise<StoredOrder[]> {
  const rows = await table.query<Row>(
    `SELECT o.id, o.priority, o.created_at AS "createdAt", o.created_by AS "createdBy", o.due_at AS "dueAt", o.comment AS mark,
       o.status, o.version, c.changes
     FROM orders o LEFT JOIN (
       SELECT order_id, json_agg(json_build_object('version', version, 'to', to_status, 'mark', comment) ORDER BY version) AS changes
       FROM order_status_changes GROUP BY order_id
     ) AS c ON c.order_id = o.id`,
  );
  return rows.map(({ createdAt, dueAt, changes, ...row }) => ({
    ...row,
    createdAt: createdAt.toISOString(),
    dueAt: dueAt?.toISOString() ?? null,
    changes: changes ?? [],
  }));
}
