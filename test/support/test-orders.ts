import { randomUUID } from 'node:crypto';
import type { OrdersTable } from './orders-table.js';

/** A valid request body for the creation of an order. */
export function newOrder(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    source: 'SHOP',
    customer: { id: 'C-1', name: 'Мария Соколова' },
    product: { name: 'Signet ring' },
    material: 'Gold 585',
    quantity: 1,
    ...changes,
  };
}

/** A valid request body for a change to this status. */
export function changeTo(status: string): Record<string, unknown> {
  return { status, ...(status === 'ON_HOLD' && { reason: 'QUESTION' }) };
}

/** A statement in SQL that inserts new orders and returns their ids. */
export function insertOrders(count: number): string {
  return `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by)
    SELECT gen_random_uuid(), 'CRM', 'C-1', 'Anna', 'Ring', 'Gold 585', 1, 'NORMAL', 'sql' FROM generate_series(1, ${count})
    RETURNING id`;
}

/** The columns of `orders` that lists depend on. */
export interface VariedOrder {
  readonly id: string;
  readonly number: number;
  readonly externalId: string | null;
  readonly source: string;
  readonly customerName: string;
  readonly productName: string;
  readonly material: string;
  readonly priority: string;
  readonly dueAt: Date | null;
  readonly status: string;
  readonly assignee: string | null;
  readonly holdReason: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

export const VARIED = {
  status: [
    ...['NEW', 'MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING'],
    ...['SHIPPED', 'CLOSED', 'ON_HOLD', 'CANCELLED'],
  ],
  priority: ['LOW', 'NORMAL', 'HIGH', 'URGENT'],
  source: ['SHOP', 'API', 'CRM'],
  material: ['Gold 585', 'Gold 750', 'Silver 925', 'Платина 950', '100% wool_thread', 'back\\slash'],
  assignee: ['operator-1', 'operator-2', 'operator-3'],
  holdReason: ['MATERIAL_MISSING', 'TOOL_DOWN', 'QUESTION', 'QUALITY', 'BREAK', 'OTHER'],
  customerName: ['Мария Соколова', 'МАРИЯ ИВАНОВА', 'Ann O’Hara', "Bob D'Arc", 'Zoë Müller', 'ÉMILE ZOLA'],
  productName: ['Signet Ring', 'signet ring', 'Brooch 50% off', 'Chain_link', 'Chain link', 'Path\\to', 'Кольцо 17'],
  createdBy: ['partner-1', 'partner-2'],
  /** A few values, so that many orders share each. */
  createdAt: times('2031-01-01T00:00:00.000Z', 12),
  dueAt: times('2032-01-01T00:00:00.000Z', 7),
};

function times(first: string, count: number): Date[] {
  return Array.from({ length: count }, (_, i) => new Date(Date.parse(first) + i * 1_001));
}

/** Inserts varied orders by SQL, with many ties. The order of their ids differs from that of their times. */
export async function insertVariedOrders(table: OrdersTable, count: number): Promise<VariedOrder[]> {
  const rows = Array.from({ length: count }, (_, i) => variedOrder(i));
  const inserted = await table.query<{ id: string; number: number }>(
    `INSERT INTO orders (id, external_id, source, customer_id, customer_name, product_name, material, quantity, priority,
       due_at, status, previous_status, hold_reason, assignee, created_by, created_at, updated_at)
     SELECT id, "externalId", source, 'C', "customerName", "productName", material, 1, priority,
       "dueAt", status, CASE status WHEN 'ON_HOLD' THEN 'NEW'::order_status END, "holdReason", assignee, "createdBy", "createdAt", "createdAt"
     FROM json_to_recordset($1) AS r (id uuid, "externalId" text, source order_source, "customerName" text,
       "productName" text, material text, priority order_priority, "dueAt" timestamptz, status order_status,
       assignee text, "holdReason" hold_reason, "createdBy" text, "createdAt" timestamptz)
     RETURNING id, number`,
    [JSON.stringify(rows)],
  );
  const numbers = new Map(inserted.map(({ id, number }) => [id, number]));
  return rows.map((row) => ({ ...row, number: numbers.get(row.id) ?? NaN }));
}

function variedOrder(i: number): Omit<VariedOrder, 'number'> {
  const status = pick(VARIED.status, i);
  return {
    id: randomUUID(),
    externalId: i % 3 === 0 ? `WEB_${i}%` : null,
    source: pick(VARIED.source, i * 7),
    customerName: pick(VARIED.customerName, i * 5),
    productName: pick(VARIED.productName, i * 3),
    material: pick(VARIED.material, i >> 1),
    priority: pick(VARIED.priority, i >> 2),
    dueAt: i % 4 === 1 ? null : pick(VARIED.dueAt, i * 11),
    status,
    assignee: status === 'NEW' || status === 'CANCELLED' ? null : pick(VARIED.assignee, i >> 3),
    holdReason: status === 'ON_HOLD' ? pick(VARIED.holdReason, i >> 3) : null,
    createdBy: i % 5 === 0 ? 'partner-2' : 'partner-1',
    createdAt: pick(VARIED.createdAt, i * 13),
  };
}

function pick<T>(values: readonly T[], i: number): T {
  return values[i % values.length] as T;
}
