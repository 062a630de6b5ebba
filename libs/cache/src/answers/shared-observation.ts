import { NextRun } from '../flow/next-run.js';
import type { ObservedVersions, Tag } from '../ledger/ledger.js';

/**
 * Lets all requests that arrive while an observation is being made share the next one: at most one is under way per
 * process, and still nobody is given versions that were read before its request arrived.
 */
export class SharedObservation {
  private readonly runs = new NextRun<ObservedVersions>();
  private wanted = new Set<Tag>();

  constructor(private readonly read: (tags: readonly Tag[]) => Promise<ObservedVersions>) {}

  observe(tags: readonly Tag[]): Promise<ObservedVersions> {
    for (const tag of tags) this.wanted.add(tag);
    return this.runs.run(() => {
      const all = [...this.wanted];
      this.wanted = new Set();
      return this.read(all);
    });
  }
}
