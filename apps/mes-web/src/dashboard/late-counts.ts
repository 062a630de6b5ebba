import type { DueCountDto } from '../api/client';
import type { Priority } from '../orders/change';
import type { Due } from '../orders/orders-view';

/** A number of late orders. */
export interface LateCount {
  readonly count: number;
  /** Whether there may be more. */
  readonly isLeast: boolean;
}

/** From this number on, the API counts no further. */
const MOST_COUNTED = 1_000;

/**
 * The late orders that the list (new orders) or the board (those in progress) shows with these filters.
 *
 * @param priority all priorities, if undefined
 */
export function lateCount(
  counts: readonly DueCountDto[],
  due: Extract<Due, 'overdue' | 'day'>,
  where: 'list' | 'board',
  priority: Priority | undefined,
): LateCount {
  let count = 0;
  let isLeast = false;
  for (const one of counts) {
    if ((one.status === 'NEW') !== (where === 'list')) continue;
    if (priority !== undefined && one.priority !== priority) continue;
    // What is overdue is due within 24 hours as well: the filter shows it, so that nothing late is out of sight.
    const numbers = due === 'overdue' ? [one.overdue] : [one.overdue, one.dueSoon];
    for (const number of numbers) {
      count += number;
      isLeast ||= number >= MOST_COUNTED;
    }
  }
  return { count, isLeast };
}
