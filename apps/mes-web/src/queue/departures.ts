import type { OrderDto } from '../api/client';

/** The reason why an order leaves the queue. */
export type Reason =
  | { readonly kind: 'taking' }
  | { readonly kind: 'yours' }
  | { readonly kind: 'taken-by'; readonly by: string }
  | { readonly kind: 'gone'; readonly status?: OrderDto['status'] };

/** Whether the reason is not final: the order may stay. */
export function isOpen(reason: Reason): boolean {
  return reason.kind === 'taking';
}

/** An order that leaves the queue. */
export interface Departure {
  readonly reason: Reason;
  /** The version with which the order left. With a later one it is back. */
  readonly version: number;
}

/** Why a row shows an order that cannot be taken. Undefined if it can. */
export function reasonOf(
  order: OrderDto,
  departures: ReadonlyMap<string, Departure>,
  left: ReadonlySet<string>,
): Reason | undefined {
  const departure = departures.get(order.id);
  if (departure && (left.has(order.id) || order.version <= departure.version)) return departure.reason;
  return left.has(order.id) ? { kind: 'gone' } : undefined;
}

/**
 * The order to select when the selected one leaves: the next one that can be taken, or else the previous one. Its place is known
 * from the rows before.
 */
export function neighbourOf(
  id: string,
  before: readonly OrderDto[],
  now: readonly OrderDto[],
  canBeTaken: (order: OrderDto) => boolean,
): string | undefined {
  const candidates = new Set(now.filter(canBeTaken).map((order) => order.id));
  const rows = now.some((order) => order.id === id) ? now : before;
  const index = rows.findIndex((order) => order.id === id);
  const found =
    rows.slice(index + 1).find((order) => candidates.has(order.id)) ??
    rows.slice(0, Math.max(0, index)).findLast((order) => candidates.has(order.id));
  return found?.id;
}
