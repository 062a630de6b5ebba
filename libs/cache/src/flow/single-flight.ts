/** The shared result, and whether this caller's own task produced it. */
export interface Flight<T> {
  readonly value: T;
  readonly leader: boolean;
}

/**
 * Runs one task per key at a time. Callers with the same key meanwhile share its outcome, errors included.
 *
 * They get a result whose work began before their call. So the key must name everything that the result depends on: the
 * cache puts the version vector into it.
 *
 * Idea and name come from Go's `golang.org/x/sync/singleflight`.
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
