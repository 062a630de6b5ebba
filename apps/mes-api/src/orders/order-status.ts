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

/** Why an order is on hold. */
export const HOLD_REASONS = ['MATERIAL_MISSING', 'TOOL_DOWN', 'QUESTION', 'QUALITY', 'BREAK', 'OTHER'] as const;

export type HoldReason = (typeof HOLD_REASONS)[number];

/** The reason that counts where none is given. It says nothing by itself, so it needs a comment. */
export const UNNAMED_REASON: HoldReason = 'OTHER';

/** A status change that operators and admins may make. */
export interface Transition {
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  /** The caller takes the order into work and becomes its assignee. */
  readonly takes?: true;
  /** The order goes back to the queue and has no assignee afterwards. Of the operators, only its assignee may do that. */
  readonly releases?: true;
  /** The partner that created the order may make it as well. */
  readonly byCreator?: true;
  /** Permitted only if the previous status of the order was `to`. */
  readonly back?: true;
}

/** The lifecycle of an order. Validation, SQL, `nextStatuses` and the documentation read this table. */
export const TRANSITIONS: readonly Transition[] = [
  { from: 'NEW', to: 'MANUFACTURING_STARTED', takes: true },
  { from: 'NEW', to: 'ON_HOLD' },
  { from: 'NEW', to: 'CANCELLED', byCreator: true },
  { from: 'MANUFACTURING_STARTED', to: 'MANUFACTURING_COMPLETED' },
  { from: 'MANUFACTURING_STARTED', to: 'ON_HOLD' },
  { from: 'MANUFACTURING_STARTED', to: 'NEW', releases: true },
  { from: 'MANUFACTURING_COMPLETED', to: 'PACKAGING' },
  { from: 'MANUFACTURING_COMPLETED', to: 'MANUFACTURING_STARTED', takes: true },
  { from: 'PACKAGING', to: 'SHIPPED' },
  { from: 'SHIPPED', to: 'CLOSED' },
  { from: 'ON_HOLD', to: 'NEW', back: true },
  { from: 'ON_HOLD', to: 'MANUFACTURING_STARTED', back: true },
  { from: 'ON_HOLD', to: 'CANCELLED' },
];

/** The statuses that an order may change to; for its creator, those to which a partner may change it. */
export function nextStatuses(
  order: { readonly status: OrderStatus; readonly previousStatus?: OrderStatus | undefined },
  viewer: 'staff' | 'creator' = 'staff',
): readonly OrderStatus[] {
  return TRANSITIONS.filter(
    ({ from, to, back, byCreator }) =>
      from === order.status && (!back || to === order.previousStatus) && (viewer === 'staff' || byCreator),
  ).map(({ to }) => to);
}

/** The assignee of an order after a transition. */
export function assigneeAfter(
  { takes, releases }: Transition,
  caller: string,
  assignee: string | undefined,
): string | undefined {
  if (takes) return caller;
  return releases ? undefined : assignee;
}

/** The transitions to a status. */
export function transitionsTo(status: OrderStatus): readonly Transition[] {
  return TRANSITIONS.filter(({ to }) => to === status);
}

/** The statuses that no transition leaves. */
export const FINAL_STATUSES = ORDER_STATUSES.filter((status) => !TRANSITIONS.some(({ from }) => from === status));

/** Statuses of which nothing about the order changes any more, except the status. */
const FINISHED: ReadonlySet<OrderStatus> = new Set(['SHIPPED', 'CLOSED', 'CANCELLED']);

/** The statuses of orders that can be late. */
export const UNFINISHED_STATUSES = ORDER_STATUSES.filter((status) => !FINISHED.has(status));

/** The statuses in which priority, due date and assignee may change. */
export const CHANGEABLE_STATUSES = UNFINISHED_STATUSES;
