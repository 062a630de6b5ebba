import type { OrderHistoryChangeDto, OrderHistoryDto, OrderHistoryEntryDto } from '../api/client';

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
