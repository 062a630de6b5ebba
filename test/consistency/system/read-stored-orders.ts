import type { FieldChange } from '../../../apps/mes-api/src/orders/order-change.js';
import {
  assigneeAfter,
  TRANSITIONS,
  type HoldReason,
  type OrderStatus,
} from '../../../apps/mes-api/src/orders/order-status.js';
import type { OrderPriority } from '../../../apps/mes-api/src/orders/order.js';
import type { OrdersTable } from '../../support/orders-table.js';
import type { Changeable } from '../history/list-order.js';
import type { StoredChange, StoredOrder } from '../history/stored-order.js';

interface Row {
  readonly id: string;
  readonly mark: string | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly createdBy: string;
  /** The present priority and due date. */
  readonly priority: OrderPriority;
  readonly dueAt: Date | null;
  readonly changes: readonly ChangeRow[] | null;
}

/** A row of the history: a status change, or a change of fields. */
interface ChangeRow {
  readonly version: number;
  readonly from: OrderStatus | null;
  readonly to: OrderStatus | null;
  readonly by: string;
  readonly reason: HoldReason | null;
  readonly comment: string | null;
  readonly fields: readonly FieldChange[] | null;
}

/** Reads all orders and their changes directly from the database. */
export async function readStoredOrders(table: OrdersTable): Promise<StoredOrder[]> {
  const rows = await table.query<Row>(
    `SELECT o.id, o.priority, o.created_at AS "createdAt", o.created_by AS "createdBy", o.due_at AS "dueAt", o.comment AS mark,
       o.version, c.changes
     FROM orders o LEFT JOIN (
       SELECT order_id, json_agg(json_build_object('version', version, 'from', from_status, 'to', to_status, 'by', changed_by,
         'reason', reason, 'comment', comment, 'fields', changes) ORDER BY version) AS changes
       FROM order_status_changes GROUP BY order_id
     ) AS c ON c.order_id = o.id`,
  );
  return rows.map(toStoredOrder);
}

function toStoredOrder({ id, mark, version, createdAt, createdBy, priority, dueAt, changes }: Row): StoredOrder {
  const rows = changes ?? [];
  const firstChange = (field: FieldChange['field']): FieldChange | undefined =>
    rows.flatMap(({ fields }) => fields ?? []).find((change) => change.field === field);
  const firstDueAt = firstChange('dueAt');
  const created = {
    ...{ id, createdAt: createdAt.toISOString(), createdBy, status: 'NEW' as const },
    priority: (firstChange('priority')?.from ?? priority) as OrderPriority,
    dueAt: (firstDueAt ? firstDueAt.from : dueAt?.toISOString()) ?? null,
  };
  let assignee: string | undefined;
  const stored = rows.map((row): StoredChange => {
    const values = row.fields ? valuesOf(row.fields) : valuesOfStep(row, assignee);
    if ('assignee' in values) assignee = values.assignee ?? undefined;
    return { version: row.version, mark: row.comment ?? markOf(row.fields), values };
  });
  return { id, mark, version, created, changes: stored };
}

function valuesOf(fields: readonly FieldChange[]): Partial<Changeable> {
  return Object.fromEntries(fields.map(({ field, to }) => [field, to ?? null]));
}

function valuesOfStep({ from, to, by, reason }: ChangeRow, assignee: string | undefined): Partial<Changeable> {
  const step = TRANSITIONS.find((one) => one.from === from && one.to === to);
  if (!step) throw new Error(`the table has no transition from ${from} to ${to}`);
  return { status: step.to, holdReason: reason, assignee: assigneeAfter(step, by, assignee) ?? null };
}

/** A change of fields has no comment: the workload marks it by its due date. */
function markOf(fields: readonly FieldChange[] | null): string | null {
  return fields?.find(({ field }) => field === 'dueAt')?.to ?? null;
}
