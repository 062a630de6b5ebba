import { Inject, Injectable, Logger } from '@nestjs/common';
import { CacheStatistics } from '../answers/cache-statistics.js';
import { compressed } from '../answers/compress.js';
import { loadName, stampOf } from '../answers/stamp.js';
import { WarmAnswers, type WarmAnswer } from '../answers/warm-answers.js';
import { CACHE_ASIDE_OPTIONS, type CacheAsideOptions } from '../cache-aside.options.js';
import { EntryStore } from '../entries/entry-store.js';
import type { Entry } from '../entries/entry.js';
import { withDeadline } from '../flow/deadline.js';
import { LoadLeases } from '../leases/load-leases.js';
import { Ledger, type Refreshed, type Tag } from '../ledger/ledger.js';
import { freshVersion } from '../ledger/version.js';

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
    private readonly ledger: Ledger,
    private readonly entries: EntryStore,
    private readonly leases: LoadLeases,
    private readonly warm: WarmAnswers,
    @Inject(CACHE_ASIDE_OPTIONS) private readonly options: CacheAsideOptions,
    private readonly statistics: CacheStatistics,
  ) {}

  /** Loads the warm answers that depend on any of `changed`; none if that does not work, or takes too long. */
  async prepare(changed: readonly Tag[]): Promise<Refresh> {
    const warm = this.warm.takeDependentOn(changed);
    if (warm.length === 0 || !this.ledger.available) return NOTHING;

    try {
      return await withDeadline(this.load(changed, warm), this.options.refreshPatience);
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

  private async load(changed: readonly Tag[], warm: readonly WarmAnswer[]): Promise<Refresh> {
    this.statistics.refreshes += 1;
    const dependencies = [...new Set(warm.flatMap(({ question }) => question.tags))];
    const observed = await this.ledger.provide(dependencies);
    const tags = new Map<Tag, Refreshed>();
    for (const tag of dependencies.filter((name) => changed.includes(name))) {
      tags.set(tag, { observed: observed.get(tag) ?? '', version: freshVersion() });
    }
    const versions = new Map([...observed, ...[...tags].map(([tag, { version }]) => [tag, version] as const)]);
    const entries = await Promise.all(
      warm.map(async ({ question: { key, tags: own }, load }) => {
        const stamp = stampOf(own, versions);
        const [answer] = await Promise.all([load().then(compressed), this.leases.acquire(loadName(key, stamp))]);
        return { key, entry: { stamp, answer } };
      }),
    );
    const telling = warm.filter(({ summary }) => summary !== true).flatMap(({ question }) => question.tags);
    return { tags, shown: [...new Set(telling)], entries };
  }
}
