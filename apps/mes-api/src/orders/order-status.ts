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

/** One step that an order may take. */
export interface Transition {
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  /** Whoever makes this step takes the order into work and becomes its assignee. */
  readonly takes?: true;
  /** Allowed only if the order came to `from` out of `to`. */
  readonly back?: true;
}

/** The life of an order: the one table that validation, SQL, `nextStatuses` and the documentation read. */
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

/** Where an order may go from where it is. */
export function nextStatuses(order: {
  readonly status: OrderStatus;
  readonly previousStatus?: OrderStatus | undefined;
}): readonly OrderStatus[] {
  return TRANSITIONS.filter(
    ({ from, to, back }) => from === order.status && (!back || to === order.previousStatus),
  ).map(({ to }) => to);
}

/** The steps that lead to a status. */
export function transitionsTo(status: OrderStatus): readonly Transition[] {
  return TRANSITIONS.filter(({ to }) => to === status);
}
