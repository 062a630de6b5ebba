import { Inject, Injectable, Logger } from '@nestjs/common';
import { CacheStatistics } from '../cache-statistics.js';
import { compressed } from '../entries/compress.js';
import { loadName, vectorOf } from '../versions/version-vector.js';
import { RefreshOnWrite, type RefreshedResponse } from '../read/refresh-on-write.js';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { EntryStore } from '../entries/entry-store.js';
import type { Entry } from '../entries/entry.js';
import { withDeadline } from '../flow/deadline.js';
import { LoadLeases } from '../read/load-leases.js';
import { VersionStore, type Refreshed, type Tag } from '../versions/version-store.js';
import { freshVersion } from '../versions/version.js';

/** Warm answers that were made anew, under versions that are not yet in force. */
export interface Refresh {
  /** How the tags are to be moved on that these answers depend on. */
  readonly tags: ReadonlyMap<Tag, Refreshed>;
  /** What those of these answers depend on that tell one write from another. */
  readonly shown: readonly Tag[];
  readonly entries: readonly { readonly key: string; readonly entry: Entry }[];
}

const NOTHING: Refresh = { tags: new Map(), shown: [], entries: [] };

/** Makes warm answers anew after writes that were committed before. */
@Injectable()
export class Refresher {
  private readonly logger = new Logger(Refresher.name);

  constructor(
    private readonly versionStore: VersionStore,
    private readonly entries: EntryStore,
    private readonly leases: LoadLeases,
    private readonly warm: RefreshOnWrite,
    @Inject(CACHE_OPTIONS) private readonly options: CacheOptions,
    private readonly statistics: CacheStatistics,
  ) {}

  /** Loads the warm answers that depend on any of `changed`; none if that does not work, or takes too long. */
  async prepare(changed: readonly Tag[]): Promise<Refresh> {
    const warm = this.warm.takeDependentOn(changed);
    if (warm.length === 0 || !this.versionStore.available) return NOTHING;

    try {
      return await withDeadline(this.load(changed, warm), this.options.refreshTimeout);
    } catch (error) {
      this.logger.warn(
        `could not refresh what depends on ${changed.join(', ')}: ${error instanceof Error ? error.message : String(error)}`,
      );
      return NOTHING;
    }
  }

  /** Stores answers whose versions have come into force. Until that is done, readers wait for them as for a load. */
  async publish({ entries }: Refresh): Promise<void> {
    const stored = await Promise.all(entries.map(({ key, entry }) => this.entries.save(key, entry)));
    this.statistics.writtenThrough += stored.filter(Boolean).length;
  }

  private async load(changed: readonly Tag[], warm: readonly RefreshedResponse[]): Promise<Refresh> {
    this.statistics.refreshes += 1;
    const dependencies = [...new Set(warm.flatMap(({ question }) => question.tags))];
    const observed = await this.versionStore.ensureVersions(dependencies);
    const tags = new Map<Tag, Refreshed>();
    for (const tag of dependencies.filter((name) => changed.includes(name))) {
      tags.set(tag, { observed: observed.get(tag) ?? '', version: freshVersion() });
    }
    const versions = new Map([...observed, ...[...tags].map(([tag, { version }]) => [tag, version] as const)]);
    const entries = await Promise.all(
      warm.map(async ({ question: { key, tags: own }, load }) => {
        const vector = vectorOf(own, versions);
        const [answer] = await Promise.all([load().then(compressed), this.leases.acquire(loadName(key, vector))]);
        return { key, entry: { vector, answer } };
      }),
    );
    const telling = warm.filter(({ summary }) => summary !== true).flatMap(({ question }) => question.tags);
    return { tags, shown: [...new Set(telling)], entries };
  }
}
