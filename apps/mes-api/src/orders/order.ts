import type { HoldReason, OrderStatus } from './order-status.js';

/** From the least to the most urgent. */
export const ORDER_PRIORITIES = ['LOW', 'NORMAL', 'HIGH', 'URGENT'] as const;
export type OrderPriority = (typeof ORDER_PRIORITIES)[number];

export const ORDER_SOURCES = ['SHOP', 'API', 'CRM'] as const;
export type OrderSource = (typeof ORDER_SOURCES)[number];

export const ORDER_SORTS = ['-createdAt', 'createdAt', 'dueAt', '-priority'] as const;
export type OrderSort = (typeof ORDER_SORTS)[number];

export interface Money {
  /** A decimal number as text, unchanged from the request. */
  readonly amount: string;
  /** ISO 4217. */
  readonly currency: string;
}

/** The part of an order that its creator decides. */
export interface OrderRequest {
  readonly externalId?: string | undefined;
  readonly source: OrderSource;
  readonly customer: { readonly id: string; readonly name: string };
  readonly product: { readonly name: string; readonly modelUrl?: string | undefined };
  readonly material: string;
  readonly quantity: number;
  readonly price?: Money | undefined;
  readonly priority: OrderPriority;
  readonly dueAt?: Date | undefined;
  readonly comment?: string | undefined;
}

export interface Order extends OrderRequest {
  readonly id: string;
  readonly number: number;
  readonly status: OrderStatus;
  /** The status before the current one. */
  readonly previousStatus?: OrderStatus | undefined;
  /** Exactly while the order is on hold. */
  readonly holdReason?: HoldReason | undefined;
  /** The operator that has the order in work. */
  readonly assignee?: string | undefined;
  /** Starts at 1 and grows with each change. */
  readonly version: number;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The caller of a change, with its strongest role. A `creator` (partner) changes its own orders only. */
export interface Actor {
  readonly subject: string;
  readonly role: 'admin' | 'operator' | 'creator';
}

/** The orders that a caller may see: all, or only those that it created. */
export type Visibility = { readonly scope: 'all' } | { readonly scope: 'own'; readonly creator: string };

/** The visibility as a part of a cache key or of a signature. Different visibilities give different texts. */
export function visibilityKey(visibility: Visibility): string {
  return visibility.scope === 'all' ? 'all' : `own:${encodeURIComponent(visibility.creator)}`;
}

/** The order as it was when this request created it: the answer to the same request, repeated. */
export function asCreated(order: Order, { priority, dueAt }: OrderRequest): Order {
  return {
    ...order,
    priority,
    dueAt,
    status: 'NEW',
    previousStatus: undefined,
    holdReason: undefined,
    assignee: undefined,
    version: 1,
    updatedAt: order.createdAt,
  };
}
