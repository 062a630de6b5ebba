import { Injectable } from '@nestjs/common';
import { EntryStore } from '../entries/entry-store.js';
import { NextRun } from '../flow/next-run.js';
import { SingleFlight } from '../flow/single-flight.js';
import { EPOCH, Ledger, LedgerUnavailableError, type ObservedVersions, type Tag } from '../ledger/ledger.js';
import type { Answer } from './answer.js';
import { CacheStatistics } from './cache-statistics.js';
import type { CacheOutcome } from './cache-outcome.js';
import { SharedObservation } from './shared-observation.js';
import { stampOf } from './stamp.js';

/** A question to the cache: what is asked, and which facts its answer depends on. */
export interface Question {
  /** Names the question completely: whatever changes the answer, the caller's visibility above all, is part of it. */
  readonly key: string;
  /** Must be the same for the same key. */
  readonly tags: readonly Tag[];
}

export interface CachedAnswer {
  readonly answer: Answer;
  readonly outcome: CacheOutcome;
}

interface Fill {
  readonly answer: Answer;
  readonly from: 'store' | 'source';
  readonly stored: boolean;
}

/**
 * Cache-aside that never answers with anything older than the last acknowledged write.
 *
 * An entry is stored under the versions that its tags had *before* it was loaded, and is valid exactly while all of them
 * are still in force. A reader that is overtaken by a writer therefore stores something that nobody will ever be given.
 * The versions are observed anew for every request, by an observation that began after the request arrived.
 */
@Injectable()
export class AnswerCache {
  private readonly observations: SharedObservation;
  private readonly fills = new SingleFlight<Fill>();
  private readonly bypasses = new Map<string, NextRun<Answer>>();

  constructor(
    ledger: Ledger,
    private readonly entries: EntryStore,
    private readonly statistics: CacheStatistics,
  ) {
    this.observations = new SharedObservation((tags) => {
      this.statistics.observations += 1;
      return ledger.observe(tags);
    });
  }

  /**
   * The answer to `question`, from the store if it is valid, else from `load`.
   *
   * Errors of `load` are passed on to everybody who shares that load, and are never stored.
   */
  async answer(question: Question, load: () => Promise<Answer>): Promise<CachedAnswer> {
    const versions = await this.observe(question.tags);
    if (versions instanceof LedgerUnavailableError) return this.bypass(question.key, versions.detail, load);

    const stamp = stampOf([EPOCH, ...question.tags], versions);
    const { value: fill, leader } = await this.fills.run(`${question.key}\n${stamp}`, () =>
      this.fill(question.key, stamp, load),
    );
    if (fill.from === 'store') {
      this.statistics.hits += 1;
      return { answer: fill.answer, outcome: { kind: 'hit', store: this.entries.kind } };
    }
    if (leader) this.statistics.misses += 1;
    else this.statistics.collapsed += 1;
    return { answer: fill.answer, outcome: { kind: 'miss', stored: fill.stored, collapsed: !leader } };
  }

  private async observe(tags: readonly Tag[]): Promise<ObservedVersions | LedgerUnavailableError> {
    try {
      return await this.observations.observe(tags);
    } catch (error) {
      if (error instanceof LedgerUnavailableError) return error;
      throw error;
    }
  }

  /** Looks into the store on behalf of all who observed the same versions, and loads on their behalf if it is not there. */
  private async fill(key: string, stamp: string, load: () => Promise<Answer>): Promise<Fill> {
    const found = await this.entries.find(key, stamp);
    if (found) return { answer: found, from: 'store', stored: true };

    this.statistics.loads += 1;
    const answer = await load();
    const stored = await this.entries.save(key, stamp, answer);
    return { answer, from: 'source', stored };
  }

  /**
   * Without versions nobody can know whether a load that is under way is recent enough for a request that has just
   * arrived, so the request shares the next one. The source sees one load per key at a time.
   */
  private async bypass(key: string, detail: string, load: () => Promise<Answer>): Promise<CachedAnswer> {
    this.statistics.bypasses += 1;
    const runs = this.bypasses.get(key) ?? new NextRun<Answer>(() => this.bypasses.delete(key));
    this.bypasses.set(key, runs);
    const answer = await runs.run(() => {
      this.statistics.loads += 1;
      return load();
    });
    return { answer, outcome: { kind: 'bypass', detail } };
  }
}
