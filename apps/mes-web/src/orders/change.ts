import { changeOrder, changeOrderStatus, type OrderDto } from '../api/client';
import { currentTime } from '../api/clock';
import { dataOf } from '../api/problem';
import type { Session } from '../session/session';
import { mayEdit, stepsFor, type Field, type Status } from './permissions';

/** The most urgent one first. */
export const PRIORITIES = ['URGENT', 'HIGH', 'NORMAL', 'LOW'] as const satisfies readonly OrderDto['priority'][];
export type Priority = (typeof PRIORITIES)[number];
export type HoldReason = NonNullable<OrderDto['holdReason']>;

/** A status change. */
export interface Move {
  /** The order as the user sees it. */
  readonly order: OrderDto;
  readonly to: Status;
  /** Why the order is put on hold. */
  readonly reason?: HoldReason | undefined;
  readonly comment?: string | undefined;
  /** Whether the comment is the one with which the order was put on hold the last time. */
  readonly hasLastHoldComment?: boolean;
  /** Whether it is for this version of the order alone, so that it is not made on top of what somebody else has done since. */
  readonly isExact?: boolean;
  /** Whether it takes back another change. */
  readonly isUndo?: boolean;
}

/** The change of a field. It is for the version of the order that the user sees: nobody overwrites what they have not seen. */
export interface Edit {
  readonly order: OrderDto;
  readonly field: Field;
  /** Null for no due date. */
  readonly value: string | null;
  /** Whether it takes back another change. */
  readonly isUndo?: boolean;
}

/** A change of an order. */
export type Change = Move | Edit;

/** The result of a change. */
export type Outcome =
  /** The order is as the user wanted it, and has this version. */
  | { readonly kind: 'moved'; readonly version: number }
  /** Another user changed the order first: it has this status and version. */
  | {
      readonly kind: 'overtaken';
      readonly status: Status;
      readonly by?: string | undefined;
      readonly version: number;
    }
  /** The order was not changed, or it is not known. The notice says which. */
  | { readonly kind: 'failed' };

export function isMove(change: Change): change is Move {
  return 'to' in change;
}

/** Sends a change to the API, and returns the changed order. */
export function send(change: Change): Promise<OrderDto> {
  const { id, version } = change.order;
  const ifMatch = `"${String(version)}"`;
  if (!isMove(change)) {
    return dataOf(changeOrder({ id, ifMatch, changeOrderDto: { [change.field]: change.value } }));
  }
  const { to: status, reason, comment, isExact } = change;
  const changeStatusDto = { status, ...(reason && { reason }), ...(comment && { comment }) };
  return dataOf(changeOrderStatus({ id, changeStatusDto, ...(isExact && { ifMatch }) }));
}

/** Whether the order is as the change was to make it. */
export function isReached(change: Change, found: OrderDto, { subject }: Session): boolean {
  if (isMove(change)) {
    const { order, to, reason } = change;
    if (found.status !== to || (reason !== undefined && found.holdReason !== reason)) return false;
    return !takes(order.status, to) || found.assignee === subject;
  }
  const { field, value } = change;
  const present = found[field] ?? null;
  if (field !== 'dueAt' || value === null || present === null) return present === value;
  return Date.parse(present) === Date.parse(value);
}

/** Whether the order is in a state in which the API no longer makes the change. */
export function isSuperseded(change: Change, found: OrderDto): boolean {
  const { order } = change;
  return isMove(change) && !change.isExact ? found.status !== order.status : found.version !== order.version;
}

/**
 * The change that takes back another one, where the user may make it. The one that takes back an undo is not an undo itself:
 * otherwise a second Ctrl+Z would redo what the first has undone.
 *
 * @param after the order after the change
 */
export function undoOf(
  change: Change,
  after: OrderDto,
  session: Session,
): (Change & { readonly isUndo: boolean }) | undefined {
  const { order: before } = change;
  const isUndo = change.isUndo !== true;
  if (after.version === before.version) return undefined;
  if (!isMove(change)) {
    const value = before[change.field] ?? null;
    // No order is given a due date that has passed.
    const isPassed = change.field === 'dueAt' && value !== null && Date.parse(value) <= currentTime();
    return mayEdit(change.field, after, session) && !isPassed ? { ...change, order: after, value, isUndo } : undefined;
  }
  const { status: to, holdReason: reason } = before;
  if (!stepsFor(after, session).includes(to)) return undefined;
  // Taking an order gives it to the user, and not back to the operator who had it.
  if (takes(after.status, to) && before.assignee !== session.subject) return undefined;
  return { order: after, to, isExact: true, reason, hasLastHoldComment: to === 'ON_HOLD', isUndo };
}

/** Whether a step takes the order into work. */
function takes(from: Status, to: Status): boolean {
  return to === 'MANUFACTURING_STARTED' && from !== 'ON_HOLD';
}

/** The name of a step, as a name of a text. */
export function labelOf(from: Status, to: Status): `move.${Status | 'rework' | 'resume'}` {
  if (isRework(from, to)) return 'move.rework';
  return from === 'ON_HOLD' && to === 'MANUFACTURING_STARTED' ? 'move.resume' : `move.${to}`;
}

/** Whether a step is unusual, so that it needs a reason, which the history shows later. */
export function needsReason(from: Status, to: Status): boolean {
  return to === 'ON_HOLD' || to === 'CANCELLED' || isRework(from, to);
}

function isRework(from: Status, to: Status): boolean {
  return from === 'MANUFACTURING_COMPLETED' && to === 'MANUFACTURING_STARTED';
}
