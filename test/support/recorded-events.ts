import type { CacheEvent, CacheEvents } from '@mes/cache';

/** Records what a cache does. The returned function gives the number of events of a type, or of those with some more properties. */
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
