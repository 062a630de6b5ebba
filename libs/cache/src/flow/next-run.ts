/**
 * Runs a task at most once at a time. A caller never shares a run that began before its call: callers during a run share
 * the next one, so N callers cost at most two runs.
 *
 * {@link SingleFlight} joins work that has begun; this is for results that must not be older than the call.
 */
export class NextRun<T> {
  private current: Promise<unknown> | undefined;
  private next: Promise<T> | undefined;

  /** @param onIdle is called when nothing runs or waits any more */
  constructor(private readonly onIdle?: () => void) {}

  /** The result of a run that begins after this call. The first caller of a run provides its task. */
  run(task: () => Promise<T>): Promise<T> {
    if (this.next) return this.next;
    if (!this.current) return this.begin(task);

    this.next = this.current.then(() => {
      this.next = undefined;
      return this.begin(task);
    });
    return this.next;
  }

  private begin(task: () => Promise<T>): Promise<T> {
    const run = task();
    this.current = run.then(ignore, ignore).then(() => {
      this.current = undefined;
      if (!this.next) this.onIdle?.();
    });
    return run;
  }
}

/** The callers of a run handle its outcome. The next run only waits for its end. */
function ignore(): void {
  return undefined;
}
