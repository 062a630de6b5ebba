import { Inject, Injectable, Optional } from '@nestjs/common';
import { CacheEvents } from '../cache.events.js';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { CacheTracer, traced } from '../cache.tracer.js';
import { compressed, toCachedResponse } from '../entries/cached-response.js';
import { EntryStore } from '../entries/entry-store.js';
import type { Entry } from '../entries/entry.js';
import { withDeadline } from '../flow/deadline.js';
import { TroubleLogger } from '../flow/reminder.js';
import type { RefreshedResponse } from '../read/refresh-on-write.js';
import {
  EPOCH,
  VersionStore,
  unlessUnavailable,
  type CompleteOptions,
  type Tag,
  type Version,
  type VersionSnapshot,
} from '../versions/version-store.js';
import { freshVersion, isCurrent, loadName, vectorOf } from '../versions/version-vector.js';

/** Responses that a write has loaded, under versions that are not current yet. */
export interface Refresh extends CompleteOptions {
  /** How their tags are to be advanced. */
  readonly swaps: ReadonlyMap<Tag, { readonly expected: Version; readonly next: Version }>;
  readonly entries: readonly { readonly key: string; readonly tags: readonly Tag[]; readonly entry: Entry }[];
}

const NOTHING: Refresh = { swaps: new Map(), entries: [] };

/** Loads what is refreshed on write, for writes whose transactions are committed. */
@Injectable()
export class Refresher {
  private readonly logger = new TroubleLogger(Refresher.name);

  constructor(
    private readonly versions: VersionStore,
    private readonly entries: EntryStore,
    @Inject(CACHE_OPTIONS) private readonly options: CacheOptions,
    private readonly events: CacheEvents,
    @Optional() private readonly tracer?: CacheTracer,
  ) {}

  /**
   * Loads responses that depend on `changed`. Gives nothing if that fails or takes too long.
   *
   * @param snapshot of any earlier time. The responses become current only if it still holds when the write completes.
   */
  async prepare(
    changed: readonly Tag[],
    responses: readonly RefreshedResponse[],
    snapshot?: VersionSnapshot,
  ): Promise<Refresh> {
    if (responses.length === 0 || !this.versions.available) return NOTHING;

    try {
      const refresh = traced(
        this.tracer?.begin('refresh'),
        () => this.load(changed, responses, snapshot),
        ({ entries }) => ({ responses: entries.length }),
      );
      return await withDeadline(refresh, this.options.refreshTimeout);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.trouble(`could not refresh what depends on ${changed.join(', ')}: ${reason}`, reason);
      return NOTHING;
    }
  }

  /**
   * Stores responses that have become current. This process has them at once, for now without their compressed forms. Readers of
   * other processes wait for them as for a load by another process. Never rejects.
   */
  async publish({ entries }: Refresh): Promise<void> {
    if (entries.length === 0) return;
    try {
      for (const { key, entry } of entries) this.entries.keep(key, entry);
      const responses = await Promise.all(entries.map(({ entry }) => compressed(entry.response)));
      const dependencies = [...new Set(entries.flatMap(({ tags }) => tags))];
      const snapshot = await unlessUnavailable(
        () => this.versions.snapshot(dependencies),
        () => undefined,
      );
      await Promise.all(
        entries.map(async ({ key, tags, entry }, i) => {
          const response = responses[i] ?? entry.response;
          // A superseded response must not take the place of what was stored since, here or by another process.
          const isStored =
            snapshot !== undefined &&
            isCurrent(entry.vector, tags, snapshot) &&
            (await this.entries.save(key, { ...entry, response }, { written: true }));
          if (!isStored) await this.versions.releaseLease(this.leaseOf(key, entry));
        }),
      );
    } catch (error) {
      this.logger.trouble(`could not store what was refreshed: ${String(error)}`);
    }
  }

  private async load(
    changed: readonly Tag[],
    responses: readonly RefreshedResponse[],
    known?: VersionSnapshot,
  ): Promise<Refresh> {
    this.events.emit({ type: 'refresh' });
    const dependencies = [...new Set(responses.flatMap(({ tags }) => tags))];
    const isKnown = known !== undefined && dependencies.every((tag) => known.has(tag));
    const snapshot = isKnown ? known : await this.versions.ensureVersions(dependencies);
    const swaps = new Map(
      dependencies
        .filter((tag) => changed.includes(tag))
        .map((tag) => [tag, { expected: snapshot.get(tag) ?? '', next: freshVersion() }] as const),
    );
    const next = new Map([...snapshot, ...[...swaps].map(([tag, swap]) => [tag, swap.next] as const)]);
    const entries = await Promise.all(
      responses.map(async ({ key, tags, load }) => {
        const response = toCachedResponse(await load());
        return { key, tags, entry: { vector: vectorOf(tags, next), response } };
      }),
    );
    const recognisable = responses
      .filter(({ isAggregate }) => isAggregate !== true)
      .flatMap(({ tags }) => [EPOCH, ...tags]);
    const leases = entries.map(({ key, entry }) => this.leaseOf(key, entry));
    return { swaps, shown: [...new Set(recognisable)], leases, entries };
  }

  private leaseOf(key: string, { vector }: Entry): string {
    return loadName(this.options.shape, key, vector);
  }
}
