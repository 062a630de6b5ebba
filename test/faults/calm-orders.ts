import type { System } from '../consistency/system/system.js';
import { newOrder } from '../support/test-orders.js';

/** The number of orders that clients poll and do not try to change. */
export const CALM_ORDERS = 40;

/**
 * The ids of cancelled orders. If there are too few, it creates orders and cancels them. From now on, clients do not try to change
 * them: while a write is pending that will be refused, another one may have to invalidate the order.
 */
export async function calmOrders(system: System): Promise<string[]> {
  const find = async (): Promise<string[]> => {
    const rows = await system.table.query<{ id: string }>(
      `SELECT id FROM orders WHERE status = 'CANCELLED' ORDER BY id LIMIT ${CALM_ORDERS}`,
    );
    return rows.map(({ id }) => id);
  };
  const missing = CALM_ORDERS - (await find()).length;
  for (let i = 0; i < missing; i += 1) await cancelledOrder(system);
  const calm = await find();
  system.floor.board.leaveAlone(calm);
  return calm;
}

async function cancelledOrder({ floor }: System): Promise<void> {
  const [instance] = floor.instances();
  if (!instance) throw new Error('no instance is running');
  const { authorization } = floor;
  const json = { 'content-type': 'application/json' };
  const created = await instance.send({
    method: 'POST',
    path: '/api/v1/orders',
    headers: { ...json, authorization: authorization['partner-1'] },
    body: JSON.stringify(newOrder()),
  });
  const { id } = JSON.parse(created.text) as { id: string };
  const { status, text } = await instance.send({
    method: 'PATCH',
    path: `/api/v1/orders/${id}/status`,
    headers: { ...json, authorization: authorization['operator-1'] },
    body: JSON.stringify({ status: 'CANCELLED' }),
  });
  if (status !== 200) throw new Error(`an order could not be cancelled: ${text}`);
}
