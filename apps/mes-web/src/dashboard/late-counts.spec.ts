import { lateCount } from './late-counts';

const COUNTS = [
  { status: 'NEW', priority: 'URGENT', overdue: 2, dueSoon: 3 },
  { status: 'NEW', priority: 'LOW', overdue: 0, dueSoon: 1_000 },
  { status: 'PACKAGING', priority: 'URGENT', overdue: 5, dueSoon: 0 },
  { status: 'ON_HOLD', priority: 'URGENT', overdue: 1, dueSoon: 7 },
] as const;

describe('the number of late orders', () => {
  it('is that of the new orders for the list, and of the others for the board', () => {
    expect(lateCount(COUNTS, 'overdue', 'list', 'URGENT')).toEqual({ count: 2, isLeast: false });
    expect(lateCount(COUNTS, 'overdue', 'board', 'URGENT')).toEqual({ count: 6, isLeast: false });
  });

  it('includes what is overdue in what is due within 24 hours, as the filter does', () => {
    expect(lateCount(COUNTS, 'day', 'list', 'URGENT').count).toBe(5);
    expect(lateCount(COUNTS, 'day', 'board', 'URGENT').count).toBe(13);
  });

  it('is that of all priorities together', () => {
    expect(lateCount(COUNTS, 'day', 'list', undefined)).toEqual({ count: 1_005, isLeast: true });
    expect(lateCount(COUNTS, 'overdue', 'list', undefined)).toEqual({ count: 2, isLeast: false });
    expect(lateCount([], 'overdue', 'list', undefined)).toEqual({ count: 0, isLeast: false });
  });
});
