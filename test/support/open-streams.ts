import type { OrdersApi } from './orders-api.js';

/** How many streams of live events are open through an instance, as it says itself. */
export async function openStreams(api: OrdersApi): Promise<number> {
  const { body } = await api.call<string>('/metrics');
  return Number(/^mes_event_streams (\d+)$/m.exec(body)?.[1]);
}
