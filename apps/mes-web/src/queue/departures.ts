import type { OrderDto } from '../api/client';

/** The reason why an order leaves the queue. */
export type Departure =
  | { readonly kind: 'taking' }
  | { readonly kind: 'yours' }
  | { readonly kind: 'taken-by'; readonly by: string }
  | { readonly kind: 'gone'; readonly status: OrderDto['status'] };

/**
 * The orders of the queue together with those that have just left it, in their old places. A row thus stays for a moment and
 * shows the reason before it disappears.
 *
 * @param before the rows shown so far
 * @param now the orders in the queue
 * @param departing ids of the orders that are still shown
 */
export function withDeparting(
  before: readonly OrderDto[],
  now: readonly OrderDto[],
  departing: ReadonlySet<string>,
): readonly OrderDto[] {
  if (departing.size === 0) return now;
  const present = new Set(now.map(({ id }) => id));
  const shown = [...now];
  let after = -1;
  for (const order of before) {
    if (present.has(order.id)) {
      after = shown.findIndex(({ id }) => id === order.id);
    } else if (departing.has(order.id)) {
      after += 1;
      shown.splice(after, 0, order);
    }
  }
  return shown;
}
