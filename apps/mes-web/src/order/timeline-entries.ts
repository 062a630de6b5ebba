import type { OrderHistoryChangeDto, OrderHistoryDto, OrderHistoryEntryDto } from '../api/client';
import type { Status } from '../orders/permissions';

/** What one change did to an order: a step, or changes of fields. */
export interface TimelineEntry {
  readonly version: number;
  readonly at: string;
  readonly by: string;
  readonly step?: OrderHistoryEntryDto;
  readonly changes: readonly OrderHistoryChangeDto[];
}

/** Steps and changes of fields in one list. The versions of an order are the order of its changes, whatever the clocks said. */
export function entriesOf({ items, changes }: OrderHistoryDto): readonly TimelineEntry[] {
  const entries = new Map<number, TimelineEntry>();
  for (const step of items) entries.set(step.version, { ...step, step, changes: [] });
  for (const change of changes) {
    const { version, at, by } = change;
    const earlier = entries.get(version)?.changes ?? [];
    entries.set(version, { version, at, by, changes: [...earlier, change] });
  }
  return [...entries.values()].sort((a, b) => a.version - b.version);
}

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
