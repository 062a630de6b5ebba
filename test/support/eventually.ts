import { setTimeout as delay } from 'node:timers/promises';

/** Waits until `condition` returns a value other than false or undefined, and returns it. */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  patience = 60_000,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + patience;
  for (;;) {
    const outcome = await condition();
    if (outcome !== false && outcome !== undefined) return outcome as Exclude<T, false | undefined>;
    if (performance.now() > deadline)
      throw new Error(`this did not become true within ${patience} ms: ${String(condition)}`);
    await delay(5);
  }
}
