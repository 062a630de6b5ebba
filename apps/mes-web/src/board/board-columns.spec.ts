import type { OrderDto } from '../api/client';
import type { Status } from '../orders/permissions';
import type { Session } from '../session/session';
import { BOARD_STATUSES, dropOf, sortOf, type Drop } from './board-columns';

describe('the columns of the board', () => {
  it('have the most urgent orders first, and the shipped column the last ones', () => {
    expect(BOARD_STATUSES.filter((status) => sortOf(status) !== '-priority')).toEqual(['SHIPPED']);
    expect(sortOf('SHIPPED')).toBe('-createdAt');
  });
});

describe('dropping an order on a column', () => {
  const NEXT: Partial<Record<Status, OrderDto['nextStatuses']>> = {
    NEW: ['MANUFACTURING_STARTED', 'ON_HOLD', 'CANCELLED'],
    MANUFACTURING_STARTED: ['MANUFACTURING_COMPLETED', 'NEW', 'ON_HOLD'],
    MANUFACTURING_COMPLETED: ['PACKAGING', 'MANUFACTURING_STARTED'],
  };

  it.each<[from: Status, to: Status, drop: Drop]>([
    ['NEW', 'NEW', 'stay'],
    ['NEW', 'MANUFACTURING_STARTED', 'move'],
    ['NEW', 'PACKAGING', 'refuse'],
    ['MANUFACTURING_STARTED', 'NEW', 'move'],
    ['MANUFACTURING_STARTED', 'MANUFACTURING_STARTED', 'stay'],
    // The pause and the rework need a reason.
    ['NEW', 'ON_HOLD', 'ask'],
    ['MANUFACTURING_STARTED', 'ON_HOLD', 'ask'],
    ['MANUFACTURING_COMPLETED', 'MANUFACTURING_STARTED', 'ask'],
    ['MANUFACTURING_COMPLETED', 'PACKAGING', 'move'],
    ['MANUFACTURING_COMPLETED', 'ON_HOLD', 'refuse'],
  ])('from %s on %s: %s', (status, to, drop) => {
    expect(dropOf(orderOfAnna(status), to, sessionOf('anna'))).toBe(drop);
  });

  it('is refused if the user may not make the step', () => {
    expect(dropOf(orderOfAnna('MANUFACTURING_STARTED'), 'NEW', sessionOf('boris'))).toBe('refuse');
  });

  function orderOfAnna(status: Status): OrderDto {
    return { status, assignee: 'anna', nextStatuses: NEXT[status] ?? [] } as unknown as OrderDto;
  }

  function sessionOf(subject: string): Session {
    return { subject, roles: ['operator'] } as unknown as Session;
  }
});
