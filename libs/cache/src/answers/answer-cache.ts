import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { CACHE_ASIDE_OPTIONS, type CacheAsideOptions } from '../cache-aside.options.js';
import { EntryStore } from '../entries/entry-store.js';
import { LoadLimit } from '../flow/load-limit.js';
import { NextRun } from '../flow/next-run.js';
import { SingleFlight } from '../flow/single-flight.js';
import { Ledger, LedgerUnavailableError, type ObservedVersions, type Tag } from '../ledger/ledger.js';
import { LoadLeases } from '../leases/load-leases.js';
import { Backplane } from '../writes/backplane.js';
import type { Answer } from './answer.js';
import { MonotonicReads } from './monotonic-reads.js';
import { CacheStatistics } from './cache-statistics.js';
import type { CacheOutcome } from './cache-outcome.js';
import { compressed } from './compress.js';
import type { LoadAnswer, Question } from './question.js';
import { SharedObservation, type Observation } from './shared-observation.js';
import { isInForce, loadName, stampOf, type Stamp } from './stamp.js';
import { WarmAnswers } from './warm-answers.js';

export interface CachedAnswer {
  readonly answer: Answer;
  readonly outcome: CacheOutcome;
}

interface Filled {
  readonly answer: Answer;
  readonly from: 'redis' | 'source';
  readonly stored: boolean;
}

/** What came of looking for an answer: it, or versions that were observed later, to look again with. */
type Fill = Filled | { readonly movedOn: Observation };

/** What is looked for, under which versions, and until when another process is waited for. */
interface Wanted {
  readonly name: string;
  readonly question: Question;
  readonly stamp: Stamp;
  readonly load: LoadAnswer;
  readonly giveUpAt: number;
}

/** How soon to look again for what another process is loading, in milliseconds, and then less and less often. */
const FIRST_PAUSE = 1;

/**
 * Cache-aside that never answers with anything older than the last acknowledged write.
 *
 * An entry is stored under the versions that its tags had *before* it was loaded, and is valid exactly while all of them
 * are still in force. A reader that is overtaken by a writer therefore stores something that nobody will ever be given.
 * The versions are observed anew for every request, by an observation that began after the request arrived.
 *
 * Nor does it go back from a write that was not acknowledged yet, once anybody has seen that: see {@link MonotonicReads}.
 */
@Injectable()
export class AnswerCache {
  private readonly observations: SharedObservation;
  private readonly monotonicReads: MonotonicReads;
  private readonly loads: LoadLimit;
  private readonly fills = new SingleFlight<Fill>();
  private readonly bypasses = new Map<string, NextRun<Answer>>();

  constructor(
    private readonly ledger: Ledger,
    private readonly entries: EntryStore,
    private readonly leases: LoadLeases,
    private readonly warm: WarmAnswers,
    @Inject(CACHE_ASIDE_OPTIONS) private readonly options: CacheAsideOptions,
    private readonly statistics: CacheStatistics,
    @Optional() backplane?: Backplane,
  ) {
    this.observations = new SharedObservation(ledger, statistics, backplane);
    this.loads = new LoadLimit(options);
    this.monotonicReads = new MonotonicReads(ledger, options.writePatience);
  }

  /** What stands in the ledger at some moment after this call. */
  observe(tags: readonly Tag[]): Promise<Observation> {
    return this.observations.observe(tags);
  }

  /** The answer to `question` if it is in this process and, by what was observed for this very request, in force. */
  findNear({ key, tags }: Question, observed: Observation): Answer | undefined {
    if (observed instanceof LedgerUnavailableError) return undefined;
    this.warm.noteAsked(key);
    const answer = this.entries.findNear(key, tags, observed);
    if (!answer) return undefined;
    this.statistics.hits += 1;
    this.statistics.nearHits += 1;
    return answer;
  }

  /**
   * The answer to `question`, from the store if it is valid, else from `load`.
   *
   * Errors of `load` are passed on to everybody who shares that load, and are never stored.
   *
   * @param observed what {@link observe} has given for this very request already
   * @throws {TooManyLoadsError} at once, when more answers wait to be loaded than is reasonable
   */
  async answer(question: Question, load: LoadAnswer, observed?: Observation): Promise<CachedAnswer> {
    const giveUpAt = performance.now() + this.options.leasePatience;
    for (let versions = observed ?? (await this.observe(question.tags)); ;) {
      if (versions instanceof LedgerUnavailableError) return this.bypass(question, versions.detail, load);

      const near = this.findNear(question, versions);
      if (near) return { answer: near, outcome: { kind: 'hit', store: 'near' } };

      const known = await this.withAllVersions(question.tags, versions);
      if (known instanceof LedgerUnavailableError) return this.bypass(question, known.detail, load);

      const stamp = stampOf(question.tags, known);
      const name = loadName(question.key, stamp);
      const { value, leader } = await this.fills.run(name, () => this.fill({ name, question, stamp, load, giveUpAt }));
      if ('answer' in value) return this.cachedAnswer(value, leader);
      versions = value.movedOn;
    }
  }

  /** What has no version yet gets one only now: whoever asks for what there is not leaves nothing behind for long. */
  private async withAllVersions(tags: readonly Tag[], versions: ObservedVersions): Promise<Observation> {
    if (tags.every((tag) => versions.has(tag))) return versions;
    try {
      return await this.ledger.provide(tags);
    } catch (error) {
      if (error instanceof LedgerUnavailableError) return error;
      throw error;
    }
  }

  private cachedAnswer({ answer, from, stored }: Filled, leader: boolean): CachedAnswer {
    if (from === 'redis') {
      this.statistics.hits += 1;
      return { answer, outcome: { kind: 'hit', store: 'redis' } };
    }
    if (leader) this.statistics.misses += 1;
    else this.statistics.collapsed += 1;
    return { answer, outcome: { kind: 'miss', stored, collapsed: !leader } };
  }

  /**
   * Looks into the store on behalf of all who observed the same versions, and loads on their behalf if it is not there.
   *
   * While it waits for another process, it looks whether the versions have moved on: whoever moved them may have stored the
   * answer under the new ones, and nobody will under the old.
   */
  private async fill(wanted: Wanted): Promise<Fill> {
    const { name, question, stamp, giveUpAt } = wanted;
    for (let pause = FIRST_PAUSE; ; pause *= 2) {
      const found = await this.entries.findShared(question.key, stamp);
      if (found) return { answer: found, from: 'redis', stored: true };

      const mine = await this.leases.acquire(name);
      const left = giveUpAt - performance.now();
      if (mine || left <= 0) return this.loadUnderLease(wanted);

      await delay(Math.min(pause, left));
      const observed = await this.observe(question.tags);
      if (observed instanceof LedgerUnavailableError || !isInForce(stamp, question.tags, observed)) {
        return { movedOn: observed };
      }
    }
  }

  /**
   * The lease of an answer that could be stored is left to end by itself: somebody may have looked for the answer before it
   * was stored, and ask for the lease only now.
   */
  private async loadUnderLease({ name, question: { key, tags, asker }, stamp, load }: Wanted): Promise<Filled> {
    let stored = false;
    try {
      const answer = await compressed(await this.load(load, asker));
      const versions = await this.monotonicReads.ensure(tags);
      // An answer that has been overtaken meanwhile must not take the place of what was stored since.
      if (versions && isInForce(stamp, tags, versions)) stored = await this.entries.save(key, { stamp, answer }, asker);
      return { answer, from: 'source', stored };
    } finally {
      if (!stored) await this.leases.release(name);
    }
  }

  /**
   * Without versions nobody can know whether a load that is under way is recent enough for a request that has just
   * arrived, so the request shares the next one. The source sees one load per key at a time.
   */
  private async bypass({ key, asker }: Question, detail: string, load: LoadAnswer): Promise<CachedAnswer> {
    this.statistics.bypasses += 1;
    const runs = this.bypasses.get(key) ?? new NextRun<Answer>(() => this.bypasses.delete(key));
    this.bypasses.set(key, runs);
    const answer = await runs.run(() => this.load(load, asker));
    return { answer, outcome: { kind: 'bypass', detail } };
  }

  private load(load: LoadAnswer, asker?: string): Promise<Answer> {
    return this.loads.run(() => {
      this.statistics.loads += 1;
      return load();
    }, asker);
  }
}
