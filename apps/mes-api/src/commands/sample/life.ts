import type { OrderHistoryEntry } from '../../orders/order-history.js';
import type { Order, OrderPriority } from '../../orders/order.js';
import { assigneeAfter, TRANSITIONS, type HoldReason, type OrderStatus } from '../../orders/order-status.js';
import { HOUR, whenOpen } from './calendar.js';
import type { Random } from './random.js';

/** The state of an order, and its history. */
export interface Life extends Pick<
  Order,
  'status' | 'previousStatus' | 'holdReason' | 'assignee' | 'version' | 'updatedAt'
> {
  readonly history: readonly OrderHistoryEntry[];
}

interface Step {
  readonly to: OrderStatus;
  /** Median, in hours. */
  readonly after: number;
  /** Spread around the median. */
  readonly spread: number;
  readonly by: string;
  /** Exactly for a step to ON_HOLD. */
  readonly reason?: HoldReason;
  readonly comment?: string;
}

const MAKERS = Array.from({ length: 10 }, (_, i) => [`operator-${i + 1}`, 12 - i] as const);
const PACKERS = ['operator-11', 'operator-12'];
const OFFICE = 'admin-1';
const SOONEST = 60_000;

/** Waiting time until an order is taken, relative to a NORMAL one. */
const WAITING_FACTOR: Readonly<Record<OrderPriority, number>> = { LOW: 1.8, NORMAL: 1, HIGH: 0.5, URGENT: 0.15 };

const HOLDS: readonly (readonly [HoldReason, string | undefined])[] = [
  ['MATERIAL_MISSING', 'Stone out of stock'],
  ['MATERIAL_MISSING', undefined],
  ['QUESTION', 'Waiting for the customer to approve the model'],
  ['QUESTION', 'Ring size to be confirmed'],
  ['TOOL_DOWN', 'The laser is being serviced'],
  ['QUALITY', 'A pore in the casting'],
  ['BREAK', undefined],
  ['OTHER', 'Waits for the other ring of the pair'],
];
const CANCEL_REASONS = ['Customer changed their mind', 'Payment did not arrive', 'Ordered twice'];
const REWORK_REASONS = [
  'Setting is loose',
  'Engraving is off centre',
  'Polish does not pass',
  'Size is half a size off',
];

/** The random life of an order from its creation up to the time `until`. */
export function live(createdAt: Date, priority: OrderPriority, until: number, random: Random): Life {
  let life: Life = {
    ...{ status: 'NEW', previousStatus: undefined, holdReason: undefined, assignee: undefined, version: 1 },
    ...{ updatedAt: createdAt, history: [] },
  };
  for (;;) {
    const step = nextStep(life, priority, random);
    if (!step) return life;
    const duration = Math.max(SOONEST, Math.round(random.around(step.after, step.spread) * HOUR));
    const at = whenOpen(life.updatedAt.getTime() + duration, random);
    if (at > until) return life;
    life = take(step, new Date(at), life);
  }
}

/** @throws if the table of transitions does not have the step */
function take({ to, by, reason, comment }: Step, at: Date, life: Life): Life {
  const from = life.status;
  const transition = TRANSITIONS.find((known) => known.from === from && known.to === to);
  if (!transition || (transition.back && life.previousStatus !== to)) throw new Error(`${from} cannot become ${to}`);

  const version = life.version + 1;
  return {
    status: to,
    previousStatus: from,
    holdReason: reason,
    assignee: assigneeAfter(transition, by, life.assignee),
    version,
    updatedAt: at,
    history: [...life.history, { from, to, by, at, version, reason, comment }],
  };
}

function nextStep(life: Life, priority: OrderPriority, random: Random): Step | undefined {
  const { status, previousStatus, assignee = OFFICE, history } = life;
  const hasBeen = (past: OrderStatus): boolean => history.some(({ to }) => to === past);
  switch (status) {
    case 'NEW':
      if (!hasBeen('ON_HOLD') && random.chance(0.04)) return hold(OFFICE, 20, random);
      if (random.chance(0.035)) return cancel(15, random);
      return {
        ...{ to: 'MANUFACTURING_STARTED', after: 60 * WAITING_FACTOR[priority], spread: 0.8 },
        by: random.pickWeighted(MAKERS),
      };
    case 'MANUFACTURING_STARTED':
      if (!hasBeen('ON_HOLD') && random.chance(0.05)) return hold(assignee, 30, random);
      return {
        to: 'MANUFACTURING_COMPLETED',
        after: 110 * Math.sqrt(WAITING_FACTOR[priority]),
        spread: 0.6,
        by: assignee,
      };
    case 'MANUFACTURING_COMPLETED':
      if (history.length < 4 && random.chance(0.05)) return rework(assignee, random);
      return { to: 'PACKAGING', after: 14, spread: 0.5, by: random.pick(PACKERS) };
    case 'PACKAGING':
      return { to: 'SHIPPED', after: 9, spread: 0.5, by: random.pick(PACKERS) };
    case 'SHIPPED':
      return { to: 'CLOSED', after: 96, spread: 0.4, by: OFFICE };
    case 'ON_HOLD':
      if (random.chance(0.2) || !previousStatus) return cancel(120, random);
      return { to: previousStatus, after: 140, spread: 1, by: assignee };
    case 'CLOSED':
    case 'CANCELLED':
      return undefined;
  }
}

function hold(by: string, after: number, random: Random): Step {
  const [reason, comment] = random.pick(HOLDS);
  return { to: 'ON_HOLD', after, spread: 0.8, by, reason, ...(comment !== undefined && { comment }) };
}

function cancel(after: number, random: Random): Step {
  return { to: 'CANCELLED', after, spread: 0.9, by: OFFICE, comment: random.pick(CANCEL_REASONS) };
}

function rework(by: string, random: Random): Step {
  return { to: 'MANUFACTURING_STARTED', after: 10, spread: 0.6, by, comment: random.pick(REWORK_REASONS) };
}
