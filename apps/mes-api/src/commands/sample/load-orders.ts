import { once } from 'node:events';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { SampleOrder } from './sample-orders.js';

type Value = string | number | Date | null | undefined;

const ORDER_COLUMNS: Readonly<Record<string, (order: SampleOrder) => Value>> = {
  id: ({ id }) => id,
  external_id: ({ externalId }) => externalId,
  source: ({ source }) => source,
  customer_id: ({ customer }) => customer.id,
  customer_name: ({ customer }) => customer.name,
  product_name: ({ product }) => product.name,
  product_model_url: ({ product }) => product.modelUrl,
  material: ({ material }) => material,
  quantity: ({ quantity }) => quantity,
  price_amount: ({ price }) => price?.amount,
  price_currency: ({ price }) => price?.currency,
  priority: ({ priority }) => priority,
  due_at: ({ dueAt }) => dueAt,
  comment: ({ comment }) => comment,
  status: ({ status }) => status,
  previous_status: ({ previousStatus }) => previousStatus,
  hold_reason: ({ holdReason }) => holdReason,
  assignee: ({ assignee }) => assignee,
  version: ({ version }) => version,
  created_by: ({ createdBy }) => createdBy,
  created_at: ({ createdAt }) => createdAt,
  updated_at: ({ updatedAt }) => updatedAt,
};

const CHANGE_COLUMNS: Readonly<Record<string, (change: SampleOrder['history'][number], order: SampleOrder) => Value>> =
  {
    order_id: (_, { id }) => id,
    version: ({ version }) => version,
    from_status: ({ from }) => from,
    to_status: ({ to }) => to,
    changed_by: ({ by }) => by,
    changed_at: ({ at }) => at,
    reason: ({ reason }) => reason,
    comment: ({ comment }) => comment,
  };

/** Writes orders with their history in one transaction, by COPY. */
export async function loadOrders(client: ClientBase, orders: readonly SampleOrder[]): Promise<void> {
  const orderLines = orders.map((order) => line(Object.values(ORDER_COLUMNS).map((value) => value(order))));
  const changeLines = orders.flatMap((order) =>
    order.history.map((change) => line(Object.values(CHANGE_COLUMNS).map((value) => value(change, order)))),
  );
  await client.query('BEGIN');
  try {
    await copy(client, 'orders', Object.keys(ORDER_COLUMNS), orderLines);
    await copy(client, 'order_status_changes', Object.keys(CHANGE_COLUMNS), changeLines);
    await client.query('COMMIT');
  } catch (error) {
    // If the connection is lost, the transaction has already ended.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function copy(client: ClientBase, table: string, columns: string[], lines: readonly string[]): Promise<void> {
  const stream = client.query(copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN`));
  stream.end(lines.join(''));
  await once(stream, 'finish');
}

/** A line of PostgreSQL's text format for COPY. */
function line(values: readonly Value[]): string {
  return `${values.map(text).join('\t')}\n`;
}

function text(value: Value): string {
  if (value === null || value === undefined) return '\\N';
  if (value instanceof Date) return value.toISOString();
  return String(value).replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character);
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
