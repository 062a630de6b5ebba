export const ORDER_STATUSES = [
  'NEW',
  'MANUFACTURING_STARTED',
  'MANUFACTURING_COMPLETED',
  'PACKAGING',
  'SHIPPED',
  'CLOSED',
  'ON_HOLD',
  'CANCELLED',
] as const;

export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** A permitted status change. */
export interface Transition {
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  /** The caller takes the order into work and becomes its assignee. */
  readonly takes?: true;
  /** Permitted only if the previous status of the order was `to`. */
  readonly back?: true;
}

/** The lifecycle of an order. Validation, SQL, `nextStatuses` and the documentation read this table. */
export const TRANSITIONS: readonly Transition[] = [
  { from: 'NEW', to: 'MANUFACTURING_STARTED', takes: true },
  { from: 'NEW', to: 'ON_HOLD' },
  { from: 'NEW', to: 'CANCELLED' },
  { from: 'MANUFACTURING_STARTED', to: 'MANUFACTURING_COMPLETED' },
  { from: 'MANUFACTURING_STARTED', to: 'ON_HOLD' },
  { from: 'MANUFACTURING_COMPLETED', to: 'PACKAGING' },
  { from: 'MANUFACTURING_COMPLETED', to: 'MANUFACTURING_STARTED', takes: true },
  { from: 'PACKAGING', to: 'SHIPPED' },
  { from: 'SHIPPED', to: 'CLOSED' },
  { from: 'ON_HOLD', to: 'NEW', back: true },
  { from: 'ON_HOLD', to: 'MANUFACTURING_STARTED', back: true },
  { from: 'ON_HOLD', to: 'CANCELLED' },
];

/** The statuses that an order may change to. */
export function nextStatuses(order: {
  readonly status: OrderStatus;
  readonly previousStatus?: OrderStatus | undefined;
}): readonly OrderStatus[] {
  return TRANSITIONS.filter(
    ({ from, to, back }) => from === order.status && (!back || to === order.previousStatus),
  ).map(({ to }) => to);
}

/** The transitions to a status. */
export function transitionsTo(status: OrderStatus): readonly Transition[] {
  return TRANSITIONS.filter(({ to }) => to === status);
}
