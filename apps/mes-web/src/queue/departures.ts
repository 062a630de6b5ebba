import type { OrderDto } from '../api/client';
import { isMove, type Change } from '../orders/change';
import type { KnownChange } from '../orders/known-changes';

/** The reason why an order leaves the queue, or cannot be taken at the moment. */
export type Reason =
  | { readonly kind: 'taking' }
  /** Another change than that is under way. */
  | { readonly kind: 'changing' }
  | { readonly kind: 'yours' }
  | { readonly kind: 'taken-by'; readonly by: string }
  | { readonly kind: 'gone'; readonly status?: OrderDto['status'] };

/** Whether the reason is not final: the order may stay. */
export function isOpen(reason: Reason): boolean {
  return reason.kind === 'taking' || reason.kind === 'changing';
}

/** An order that leaves the queue. */
export interface Departure {
  readonly reason: Reason;
  /** The version with which the order left. With a later one it is back. */
  readonly version: number;
}

/** How an order leaves the queue by the changes that were asked for on this page. Undefined if it does not. */
export function departureBy({ underWay, ended }: KnownChange): Departure | undefined {
  if (underWay) return { reason: { kind: isTaking(underWay) ? 'taking' : 'changing' }, version: Infinity };
  if (!ended) return undefined;
  const { change, outcome } = ended;
  const { version } = outcome;
  if (outcome.kind === 'overtaken') {
    const { status, by } = outcome;
    if (status === 'NEW') return undefined;
    return { reason: by === undefined ? { kind: 'gone', status } : { kind: 'taken-by', by }, version };
  }
  if (!isMove(change) || change.to === 'NEW') return undefined;
  return { reason: isTaking(change) ? { kind: 'yours' } : { kind: 'gone', status: change.to }, version };
}

function isTaking(change: Change): boolean {
  return isMove(change) && change.to === 'MANUFACTURING_STARTED';
}

/** Why a row shows an order that cannot be taken. Undefined if it can. */
export function reasonOf(
  order: OrderDto,
  departures: ReadonlyMap<string, Departure>,
  left: ReadonlySet<string>,
): Reason | undefined {
  const departure = departures.get(order.id);
  if (departure && order.version <= departure.version) return departure.reason;
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
