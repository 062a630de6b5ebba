import type { OrdersApi } from '../support/orders-api.js';
import type { OrdersTable } from '../support/orders-table.js';

interface ListedOrder {
  readonly id: string;
  readonly version: number;
  readonly status: string;
}

/** The signs of a broken API: it is not ready, or its responses differ from the database. */
export async function ailments(api: OrdersApi, table: OrdersTable): Promise<string[]> {
  const token = await api.token('admin');
  const ready = await api.call('/health/ready');
  const page = await api.call<{ items: ListedOrder[] }>('/api/v1/orders?limit=200', { token });
  const dashboard = await api.call<{ counts: Record<string, number> }>('/api/v1/dashboard/statuses', { token });
  const rows = await table.query<ListedOrder>(
    'SELECT id, version, status FROM orders ORDER BY created_at DESC, id DESC LIMIT 200',
  );
  const counts = await table.query<{ status: string; count: number }>(
    'SELECT status, count(*)::integer AS count FROM orders GROUP BY status',
  );

  const listed = page.body.items.map(({ id, version, status }) => ({ id, version, status }));
  const counted = Object.entries(dashboard.body.counts).filter(([, count]) => count > 0);
  return [
    ...(ready.status === 200 ? [] : ['the API is not ready']),
    ...(JSON.stringify(listed) === JSON.stringify(rows) ? [] : ['the list differs from the database']),
    ...(sorted(counted) === sorted(counts.map(({ status, count }) => [status, count]))
      ? []
      : ['the dashboard differs from the database']),
  ];
}

function sorted(pairs: (readonly [string, number])[]): string {
  return pairs.map(String).sort().join();
}
