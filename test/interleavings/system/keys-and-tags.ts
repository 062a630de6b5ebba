import type { KeyAndTags } from '../../../libs/cache/src/read/response-cache.js';
import { HELD, type Orders } from './orders-database.js';

export const NEW_TAG = 'orders:new';
export const HELD_TAG = 'orders:held';
export const COUNT_TAG = 'orders:count';

/** The key and tags of the page of new orders. It is refreshed on write, like the count. */
export const NEW_PAGE: KeyAndTags = { key: 'page of new orders', tags: [NEW_TAG] };
export const COUNT: KeyAndTags = { key: 'count', tags: [COUNT_TAG] };
export const HELD_PAGE: KeyAndTags = { key: 'page of held orders', tags: [HELD_TAG] };
/** The creation of an order changes only the second of these tags. */
export const ALL: KeyAndTags = { key: 'page of all orders', tags: [HELD_TAG, NEW_TAG] };

export function orderTag(id: string): string {
  return `order:${id}`;
}

export function orderKeyAndTags(id: string): KeyAndTags {
  return { key: `order ${id}`, tags: [orderTag(id)] };
}

/** An order is new after its creation, and again after its resumption. */
export function newOrders(orders: Orders): [string, number][] {
  return [...orders].filter(([, version]) => version !== HELD).sort();
}

export function heldOrders(orders: Orders): [string, number][] {
  return [...orders].filter(([, version]) => version === HELD).sort();
}

export function allOrders(orders: Orders): [string, number][] {
  return [...orders].sort();
}

export function count(orders: Orders): number {
  return orders.size;
}
