import { TIME_LIMITS } from '../api/connect';
import { tabStorage } from '../storage';
import { isStepUnderWay } from './steps-under-way';

const STORAGE_KEY = 'mes.reloaded-at';

/** The shortest time between two automatic reloads, in milliseconds. */
const MINIMUM_PAUSE = 60_000;

/**
 * Reloads the page to get the files of the current build. A new deployment removes the files of the one before it.
 *
 * @returns false if the page was reloaded for the same reason a short time ago, if there is nothing to reload, or if the user would not
 *   learn what became of a step
 */
export async function reloadOnce(): Promise<boolean> {
  if (!(await isServed()) || isStepUnderWay() || document.querySelector('.notice-bad')) return false;
  const passed = Math.abs(Date.now() - Number(tabStorage.get(STORAGE_KEY) ?? 0));
  const isKept = tabStorage.set(STORAGE_KEY, String(Date.now()));
  // Where the browser keeps nothing, it still knows that this page comes from a reload.
  if (passed < MINIMUM_PAUSE || (!isKept && isReloaded())) return false;
  location.reload();
  return true;
}

/** Whether the server has this page at the moment. Otherwise the browser would show its own page of errors instead. */
async function isServed(): Promise<boolean> {
  try {
    const { ok } = await fetch(location.href, { cache: 'no-store', signal: AbortSignal.timeout(TIME_LIMITS.read) });
    return ok;
  } catch {
    return false;
  }
}

function isReloaded(): boolean {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  return navigation?.type === 'reload';
}
