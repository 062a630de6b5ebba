/** The time between two looks at the clocks, in milliseconds. */
const INTERVAL = 1_000;

/** A look that is later than this, or clocks that differ by more, show that the device slept or that its clock was set. */
const TOLERANCE = 5_000;

/**
 * Calls back when the page may have missed something: it is shown again, was frozen, slept, is online again, or the clock jumped.
 *
 * @param onWakeUp learns whether connections may be dead, which they are not if the page was hidden for a moment only
 * @returns a function that ends it
 */
export function watchWakeUps(onWakeUp: (mayBeDead: boolean) => void): () => void {
  let wall = Date.now();
  let steady = performance.now();

  /** Whether the time since the last look is longer than it should be, or differs between the clocks. */
  const look = (): boolean => {
    // Timers of hidden pages are late. What they miss is found when the page is shown.
    if (document.hidden) return false;
    const passed = performance.now() - steady;
    const jump = Date.now() - wall - passed;
    wall += passed + jump;
    steady += passed;
    return passed > INTERVAL + TOLERANCE || Math.abs(jump) > TOLERANCE;
  };
  const timer = setInterval(() => {
    if (look()) onWakeUp(true);
  }, INTERVAL);
  const events = new AbortController();
  const { signal } = events;
  const wake = (): void => {
    look();
    onWakeUp(true);
  };
  document.addEventListener(
    'visibilitychange',
    () => {
      if (!document.hidden) onWakeUp(look());
    },
    { signal },
  );
  document.addEventListener('resume', wake, { signal });
  addEventListener('online', wake, { signal });
  addEventListener(
    'pageshow',
    ({ persisted }) => {
      if (persisted) wake();
    },
    { signal },
  );
  return () => {
    clearInterval(timer);
    events.abort();
  };
}
