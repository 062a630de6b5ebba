import {
  ChangeNotAllowedError,
  DueDatePassedError,
  OrderOfAnotherError,
  OrderRoleMissingError,
} from './order-errors.js';
import { CHANGEABLE_STATUSES } from './order-status.js';
import type { Actor, Order, OrderPriority } from './order.js';

/** The values that an order is to have. Absent fields stay as they are. */
export interface WantedFields {
  readonly priority?: OrderPriority | undefined;
  /** Null for no due date. */
  readonly dueAt?: Date | null | undefined;
  readonly assignee?: string | undefined;
}

export const CHANGEABLE_FIELDS = ['priority', 'dueAt', 'assignee'] as const;

/** The change of a field, with its values as the API shows them; absent for no value. */
export interface FieldChange {
  readonly field: (typeof CHANGEABLE_FIELDS)[number];
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The differences between an order and the wanted values. */
export function differences(order: Order, { priority, dueAt, assignee }: WantedFields): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  const note = (field: FieldChange['field'], from: string | undefined, to: string | undefined): void => {
    if (from !== to) changes.push({ field, from, to });
  };
  if (priority !== undefined) note('priority', order.priority, priority);
  if (dueAt !== undefined) note('dueAt', order.dueAt?.toISOString(), dueAt?.toISOString());
  if (assignee !== undefined) note('assignee', order.assignee, assignee);
  return changes;
}

/** @throws {OrderRoleMissingError} if the role does not suffice, whatever the order */
export function checkRole({ dueAt }: WantedFields, { role }: Actor): void {
  if (dueAt !== undefined && role !== 'admin') {
    throw new OrderRoleMissingError('Changing dueAt requires the role admin.');
  }
}

/**
 * The changes that give an order the wanted values; none if it has them, whatever its status.
 *
 * @throws {ChangeNotAllowedError} if the order is finished, or is to be handed over although nobody has it in work
 * @throws {OrderOfAnotherError} if an operator hands over what another one has in work
 * @throws {DueDatePassedError}
 */
export function permittedChanges(order: Order, wanted: WantedFields, by: Actor, now: Date): readonly FieldChange[] {
  const changes = differences(order, wanted);
  if (changes.length > 0 && !CHANGEABLE_STATUSES.includes(order.status)) {
    throw new ChangeNotAllowedError(order, `The order is ${order.status} and can no longer be changed.`);
  }
  for (const { field } of changes) {
    if (field === 'assignee' && order.assignee === undefined) {
      throw new ChangeNotAllowedError(order, 'Nobody has the order in work, so it cannot be handed over.');
    }
    if (field === 'assignee' && by.role !== 'admin' && order.assignee !== by.subject) {
      throw new OrderOfAnotherError(order);
    }
    if (field === 'dueAt' && wanted.dueAt && wanted.dueAt <= now) throw new DueDatePassedError();
  }
  return changes;
}
