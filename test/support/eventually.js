import { setTimeout as delay } from 'node:timers/promises';
/** Waits until `condition` gives something that is not false or undefined, and returns that. */
export async function eventually(condition, patience = 10_000) {
  const deadline = performance.now() + patience;
  for (;;) {
    const outcome = await condition();
    if (outcome !== false && outcome !== undefined) return outcome;
    if (performance.now() > deadline)
      throw new Error(`this has not come true within ${patience} ms: ${String(condition)}`);
    await delay(5);
  }
}
