/** What a caller of {@link SingleFlight.run} gets: the shared value, and whether its own call produced it. */
export interface Flight<T> {
  readonly value: T;
  /** True for the one caller whose `task` ran, false for those who joined it. */
  readonly leader: boolean;
}

/**
 * Runs one task per key at a time; whoever asks for the same key meanwhile shares the outcome, errors included.
 *
 * Joining means getting a result whose work began before one's own call. That is right only when the key names
 * everything the result depends on: the cache puts the observed versions into it.
 *
 * The idea and the name are those of Go's `golang.org/x/sync/singleflight`.
 */
export class SingleFlight<T> {
  private readonly flights = new Map<string, Promise<T>>();

  async run(key: string, task: () => Promise<T>): Promise<Flight<T>> {
    const underWay = this.flights.get(key);
    if (underWay) return { value: await underWay, leader: false };

    const flight = task().finally(() => this.flights.delete(key));
    this.flights.set(key, flight);
    return { value: await flight, leader: true };
  }
}
