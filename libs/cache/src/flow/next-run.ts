/**
 * Runs a task at most once at a time and never lets a caller share a run that began before its call: who calls while a
 * run is under way shares the next one. N callers cost at most two runs.
 *
 * Where {@link SingleFlight} joins work already begun, this is for results that must not be older than the question.
 */
export class NextRun<T> {
  private current: Promise<unknown> | undefined;
  private next: Promise<T> | undefined;

  /**
   * @param onIdle called when nothing is running or waiting any more
   */
  constructor(private readonly onIdle?: () => void) {}

  /** The result of a run of `task` that begins after this call; of those who share a run, the first one's task is run. */
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

/** The outcome belongs to the callers of the run; whoever waits for its end only needs to know that it is over. */
function ignore(): void {
  return undefined;
}
