import type { OrderDto } from '../api/client';

/** Whether an order is late. The lists and the filters ask here, so that they agree. */
export function isLate({ dueAt }: Pick<OrderDto, 'dueAt'>, now: Date): boolean {
  return dueAt !== undefined && Date.parse(dueAt) < now.getTime();
}
