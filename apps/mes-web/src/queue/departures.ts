import type { OrderDto } from '../api/client';

/** What becomes of an order that is about to leave the queue. */
export type Departure =
  | { readonly kind: 'taking' }
  | { readonly kind: 'yours' }
  | { readonly kind: 'taken-by'; readonly by: string }
  | { readonly kind: 'gone'; readonly status: OrderDto['status'] };

/**
 * The orders that are in the queue, together with those that have just left it, where they were: nobody should wonder what
 * became of the row that he was about to take.
 *
 * @param before what was shown before
 * @param now what is in the queue
 * @param departing which orders stay a while longer
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
