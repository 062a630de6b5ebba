import { Injectable, Logger, Optional } from '@nestjs/common';
import type { Answer } from '../answers/answer.js';
import type { Question } from '../answers/answer-cache.js';
import { CacheStatistics } from '../answers/cache-statistics.js';
import { stampOf } from '../answers/stamp.js';
import { EntryStore } from '../entries/entry-store.js';
import {
  Ledger,
  LedgerUnavailableError,
  type Flip,
  type Intent,
  type ObservedVersions,
  type Tag,
} from '../ledger/ledger.js';
import { freshVersion } from '../ledger/version.js';
import { EvictionRelay } from './eviction-relay.js';
import { Refresher } from './refresher.js';

/** An answer that a writer knows already, to be stored before anybody asks for it. */
export interface WrittenThrough {
  readonly question: Question;
  readonly answer: Answer;
}

/**
 * The writer's side of the protocol:
 *
 * 1. {@link announce} what the write may touch,
 * 2. commit the database transaction,
 * 3. {@link evict} or {@link writeThrough} what it did touch (or {@link withdraw}, if it was rolled back),
 * 4. and only then answer the caller.
 *
 * When the ledger is away, this instance trusts nothing that is stored, and makes everything invalid before it does so
 * again. Other instances may still reach the ledger: they are told by the relay, if the application has one.
 */
@Injectable()
export class CacheWrites {
  private readonly logger = new Logger(CacheWrites.name);

  constructor(
    private readonly ledger: Ledger,
    private readonly entries: EntryStore,
    private readonly refresher: Refresher,
    private readonly statistics: CacheStatistics,
    @Optional() private readonly relay?: EvictionRelay,
  ) {}

  /**
   * Notes that a write is about to begin.
   *
   * @param observeTags tags whose versions before the commit {@link writeThrough} will need
   * @returns the versions of `observeTags`, or nothing when the ledger could not be told
   */
  async announce(intent: Intent, observeTags: readonly Tag[] = []): Promise<ObservedVersions | undefined> {
    const observed = await this.tell(() => this.ledger.announce(intent, observeTags));
    if (!observed) this.statistics.unannouncedWrites += 1;
    return observed;
  }

  /**
   * The write changed what these tags stand for: everything stored under them is out.
   *
   * @throws {EvictionNotRelayedError}
   */
  async evict(intentId: string, tags: readonly Tag[]): Promise<void> {
    await this.settle(
      intentId,
      tags.map((tag) => ({ tag })),
    );
  }

  /**
   * The write changed what `changed` stand for, whose warm answers are refreshed while all others go out, and it made
   * `tag`, under which the given answers are stored and brought into force, provided that nobody has touched the tag since
   * `observed` was read, before the commit.
   *
   * @throws {EvictionNotRelayedError}
   */
  async writeThrough(
    intentId: string,
    {
      tag,
      answers,
      observed,
      changed,
    }: {
      readonly tag: Tag;
      readonly answers: readonly WrittenThrough[];
      readonly observed: ObservedVersions | undefined;
      readonly changed: readonly Tag[];
    },
  ): Promise<void> {
    const version = freshVersion();
    const before = observed?.get(tag);
    const written: Flip = before === undefined ? { tag } : { tag, refreshed: { observed: before, version } };
    const stored = observed && this.prepare(answers, new Map(observed).set(tag, version));
    const isRefreshed = observed !== undefined && (await this.refresher.refresh(changed));
    await this.settle(intentId, [...(isRefreshed ? [] : changed.map((name) => ({ tag: name }))), written]);
    await stored;
  }

  /** The write did not happen. */
  async withdraw(intentId: string): Promise<void> {
    await this.tell(() => this.ledger.settle(intentId, []));
  }

  /** Stores answers under versions that are not yet in force. */
  private async prepare(answers: readonly WrittenThrough[], versions: ObservedVersions): Promise<void> {
    const stored = await Promise.all(
      answers.map(({ question, answer }) =>
        this.entries.prepare(question.key, { stamp: stampOf(question.tags, versions), answer }),
      ),
    );
    this.statistics.writtenThrough += stored.filter(Boolean).length;
  }

  private async settle(intentId: string, flips: readonly Flip[]): Promise<void> {
    this.statistics.evictedTags += flips.filter(({ refreshed }) => !refreshed).length;
    const settled = await this.tell(async () => {
      await this.ledger.settle(intentId, flips);
      return true;
    });
    if (settled) return;
    this.statistics.relayedWrites += 1;
    await this.relay?.relay(flips.map(({ tag }) => tag));
  }

  private async tell<T>(operation: () => Promise<T>): Promise<T | undefined> {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof LedgerUnavailableError)) throw error;
      this.logger.debug(`the ledger was not told of a write: ${error.detail}`);
      return undefined;
    }
  }
}
