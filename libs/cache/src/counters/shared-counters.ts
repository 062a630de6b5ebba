/** What a counter stands at. */
export interface SharedCount {
  /** What all processes have counted since it began. */
  readonly total: number;
  /** In how many milliseconds it ends; the next addition begins a new one. */
  readonly endsIn: number;
}

/**
 * Counters that all processes add to, each of which ends by itself a while after it began. They are for what may be counted
 * a little late, in batches: between two additions, a process does not know what the others have counted.
 *
 * @publicApi
 */
export abstract class SharedCounters {
  /**
   * Adds to counters, which begin with their first addition.
   *
   * @param additions by the names of the counters
   * @param lifetime how long after its beginning a counter ends, in milliseconds
   * @returns what the counters stand at then; undefined if that cannot be known now, because there are no other processes
   *   or they cannot be reached, and the additions may have been lost
   */
  abstract add(
    additions: ReadonlyMap<string, number>,
    lifetime: number,
  ): Promise<ReadonlyMap<string, SharedCount> | undefined>;
}

/** Without other processes, there is nobody to share with. */
export class NoSharedCounters extends SharedCounters {
  override add(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
