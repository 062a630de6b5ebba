import { Inject, Injectable, Logger } from '@nestjs/common';
import { CacheStatistics } from '../answers/cache-statistics.js';
import { compressed } from '../answers/compress.js';
import { stampOf } from '../answers/stamp.js';
import { CACHE_ASIDE_OPTIONS, type CacheAsideOptions } from '../cache-aside.options.js';
import { EntryStore } from '../entries/entry-store.js';
import { withDeadline } from '../flow/deadline.js';
import { NextRun } from '../flow/next-run.js';
import { Ledger, type Flip, type ObservedVersions, type Tag, type Version } from '../ledger/ledger.js';
import { freshVersion } from '../ledger/version.js';
import { WarmAnswers } from './warm-answers.js';

/**
 * Brings warm answers up to date after a write has been committed, and into force in the same step that puts everything
 * else with their tags out.
 *
 * Writers who commit while a refresh is under way share the next one, which begins after their commits and so shows what
 * they wrote. If somebody else moved a tag on since the refresh began, the tag is evicted instead.
 */
@Injectable()
export class Refresher {
  private readonly logger = new Logger(Refresher.name);
  private readonly runs = new Map<string, NextRun<boolean>>();

  constructor(
    private readonly ledger: Ledger,
    private readonly entries: EntryStore,
    private readonly warm: WarmAnswers,
    @Inject(CACHE_ASIDE_OPTIONS) private readonly options: CacheAsideOptions,
    private readonly statistics: CacheStatistics,
  ) {}

  /**
   * Moves all of `tags` on.
   *
   * @returns false if that did not work, or took too long; the tags are then still to be evicted
   */
  async refresh(tags: readonly Tag[]): Promise<boolean> {
    const name = tags.join(' ');
    const runs = this.runs.get(name) ?? new NextRun<boolean>(() => this.runs.delete(name));
    this.runs.set(name, runs);
    try {
      return await withDeadline(
        runs.run(() => this.refreshNow(tags)),
        this.options.refreshPatience,
      );
    } catch (error) {
      this.logger.warn(`could not refresh ${name}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }

  private async refreshNow(tags: readonly Tag[]): Promise<boolean> {
    const warm = this.warm.dependentOn(tags);
    if (warm.length === 0) return false;

    this.statistics.refreshes += 1;
    const observed = await this.ledger.observe([
      ...new Set([...tags, ...warm.flatMap(({ question }) => question.tags)]),
    ]);
    const made = await Promise.all(
      warm.map(async ({ question, load }) => ({ question, answer: await compressed(await load()) })),
    );

    const prepared = new Map(tags.map((tag) => [tag, freshVersion()]));
    const versions = new Map([...observed, ...prepared]);
    const stored = await Promise.all(
      made.map(({ question, answer }) =>
        this.entries.prepare(question.key, { stamp: stampOf(question.tags, versions), answer }),
      ),
    );
    this.statistics.writtenThrough += stored.filter(Boolean).length;
    await this.ledger.settle(
      '',
      [...prepared].map(([tag, version]) => flip(tag, observed, version)),
    );
    return true;
  }
}

function flip(tag: Tag, observed: ObservedVersions, version: Version): Flip {
  return { tag, refreshed: { observed: observed.get(tag) ?? '', version } };
}
