import { Inject, Injectable, Logger } from '@nestjs/common';
import { CacheStatistics } from '../answers/cache-statistics.js';
import { compressed } from '../answers/compress.js';
import { stampOf } from '../answers/stamp.js';
import { CACHE_ASIDE_OPTIONS, type CacheAsideOptions } from '../cache-aside.options.js';
import { EntryStore } from '../entries/entry-store.js';
import { withDeadline } from '../flow/deadline.js';
import { Ledger, type Refreshed, type Tag } from '../ledger/ledger.js';
import { freshVersion } from '../ledger/version.js';
import { WarmAnswers, type WarmAnswer } from '../answers/warm-answers.js';

/** Makes warm answers anew after writes that were committed before. */
@Injectable()
export class Refresher {
  private readonly logger = new Logger(Refresher.name);

  constructor(
    private readonly ledger: Ledger,
    private readonly entries: EntryStore,
    private readonly warm: WarmAnswers,
    @Inject(CACHE_ASIDE_OPTIONS) private readonly options: CacheAsideOptions,
    private readonly statistics: CacheStatistics,
  ) {}

  /**
   * Loads the warm answers that depend on any of `changed`, and stores them under versions that are not yet in force.
   *
   * @returns for each tag that has warm answers, how it is to be moved on; nothing if that did not work, or took too long
   */
  async prepare(changed: readonly Tag[]): Promise<ReadonlyMap<Tag, Refreshed>> {
    const warm = this.warm.takeDependentOn(changed);
    if (warm.length === 0) return new Map();

    try {
      return await withDeadline(this.prepareAll(changed, warm), this.options.refreshPatience);
    } catch (error) {
      this.logger.warn(
        `could not refresh what depends on ${changed.join(', ')}: ${error instanceof Error ? error.message : String(error)}`,
      );
      return new Map();
    }
  }

  private async prepareAll(changed: readonly Tag[], warm: readonly WarmAnswer[]): Promise<ReadonlyMap<Tag, Refreshed>> {
    this.statistics.refreshes += 1;
    const dependencies = [...new Set(warm.flatMap(({ question }) => question.tags))];
    const observed = await this.ledger.observe(dependencies);
    const answers = await Promise.all(
      warm.map(async ({ question, load }) => ({ question, answer: await compressed(await load()) })),
    );

    const refreshed = new Map<Tag, Refreshed>();
    for (const tag of dependencies.filter((name) => changed.includes(name))) {
      refreshed.set(tag, { observed: observed.get(tag) ?? '', version: freshVersion() });
    }
    const versions = new Map([...observed, ...[...refreshed].map(([tag, { version }]) => [tag, version] as const)]);
    const stored = await Promise.all(
      answers.map(({ question, answer }) =>
        this.entries.prepare(question.key, { stamp: stampOf(question.tags, versions), answer }),
      ),
    );
    this.statistics.writtenThrough += stored.filter(Boolean).length;
    return refreshed;
  }
}
