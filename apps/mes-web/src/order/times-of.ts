import type { OrderHistoryDto } from '../api/client';
import type { Status } from '../orders/permissions';

/** For how many milliseconds an order had each of its statuses until `now`. The present one comes last. */
export function timesOf(
  { timeInStatus, current }: OrderHistoryDto,
  now: Date,
): readonly [status: Status, time: number][] {
  const { [current.status]: earlier = 0, ...past } = timeInStatus;
  // The clock of this device may be behind.
  const present = Math.max(0, now.getTime() - Date.parse(current.since));
  return [...(Object.entries(past) as [Status, number][]), [current.status, earlier + present]];
}
