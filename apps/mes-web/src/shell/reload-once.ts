import { tabStorage } from '../storage';
import { isStepUnderWay } from './steps-under-way';

const STORAGE_KEY = 'mes.reloaded-at';

/** The shortest time between two automatic reloads, in milliseconds. */
const MINIMUM_PAUSE = 60_000;

/**
 * Reloads the page to get the files of the current build. A new deployment removes the files of the one before it.
 *
 * @returns false if the page was reloaded for the same reason a short time ago, if there is no network to reload from, or if the user
 *   would not learn what became of a step
 */
export function reloadOnce(): boolean {
  if (!navigator.onLine || isStepUnderWay() || document.querySelector('.notice-bad')) return false;
  const passed = Math.abs(Date.now() - Number(tabStorage.get(STORAGE_KEY) ?? 0));
  const isKept = tabStorage.set(STORAGE_KEY, String(Date.now()));
  // Where the browser keeps nothing, it still knows that this page comes from a reload.
  if (passed < MINIMUM_PAUSE || (!isKept && isReloaded())) return false;
  location.reload();
  return true;
}

function isReloaded(): boolean {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  return navigation?.type === 'reload';
}
