import type { CacheEvent, CacheEvents } from '@mes/cache';

/** Records the events of a cache. The returned function counts the events with the given properties. */
export function recordEvents(events: CacheEvents): (expected: Partial<CacheEvent>) => number {
  const recorded: CacheEvent[] = [];
  events.subscribe((event) => {
    recorded.push(event);
  });
  return (expected) =>
    recorded.filter((event) =>
      Object.entries(expected).every(([name, value]) => (event as unknown as Record<string, unknown>)[name] === value),
    ).length;
}
