/**
 * Runs a task at most once at a time. Calls during a run share the next one, so that no caller gets a result that is older than
 * its call, and any number of callers cost at most two runs.
 */
export function shareNext<T>(task: () => Promise<T>): () => Promise<T> {
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    next = undefined;
    const run = task();
    current = run;
    return run;
  };
  return () => (next ??= current.then(begin, begin));
}
