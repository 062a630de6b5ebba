import { Askers } from './askers.js';

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
  private readonly flights = new Map<string, { readonly outcome: Promise<T>; readonly askers: Askers }>();

  /** @param task gets all who wait for it, now and later */
  async run(key: string, task: (askers: Askers) => Promise<T>, asker?: string): Promise<Flight<T>> {
    const underWay = this.flights.get(key);
    if (underWay) {
      underWay.askers.add(asker);
      return { value: await underWay.outcome, leader: false };
    }
    const askers = new Askers(asker);
    const outcome = task(askers).finally(() => this.flights.delete(key));
    this.flights.set(key, { outcome, askers });
    return { value: await outcome, leader: true };
  }
}
