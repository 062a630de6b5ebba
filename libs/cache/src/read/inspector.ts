import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { CacheEvents, type InspectionResult } from '../cache.events.js';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import type { CachedResponse } from '../entries/cached-response.js';
import { Backplane } from '../versions/backplane.js';
import { VersionStore, type Tag } from '../versions/version-store.js';
import { isCurrent, type VersionVector } from '../versions/version-vector.js';

/** A response that a read was given from the cache. */
export interface InspectedHit {
  readonly key: string;
  readonly tags: readonly Tag[];
  /** The part of the value that only writes change. By default, all of it. */
  readonly comparable?: ((value: never) => unknown) | undefined;
  /** The versions under which the response is stored, and with which it was found to be current. */
  readonly vector: VersionVector;
  readonly response: CachedResponse;
  /** Loads the response anew. */
  readonly load: () => Promise<CachedResponse>;
}

/** One comparison with the source. */
type Look =
  | { readonly result: Exclude<InspectionResult, 'mismatch'> }
  | { readonly result: 'mismatch'; readonly cached: string; readonly source: string };

/**
 * Compares a sample of the hits with the source, after they were answered: proof of freshness in production, as Meta's
 * Polaris and Uber's Cache Inspector give it.
 *
 * A difference alone proves nothing, because the source may show a write that is under way. Such a write ends within the
 * lifetime of a pending write, and then the response is current no more. So a mismatch is a difference that is still there after
 * that time, while the response is still current. PROTOCOL.md, "Inspections", has the model.
 */
@Injectable()
export class Inspector implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Whether the next hit is to be inspected. A plain field, because every hit reads it. */
  isDue = false;

  private readonly logger = new Logger(Inspector.name);
  private readonly shutdown = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly versions: VersionStore,
    @Inject(CACHE_OPTIONS) private readonly options: CacheOptions,
    private readonly events: CacheEvents,
    @Optional() private readonly backplane?: Pick<Backplane, 'mayAnswer'>,
  ) {}

  onApplicationBootstrap(): void {
    if (this.options.inspectionInterval > 0) this.waitForTurn();
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.shutdown.abort();
  }

  /** Inspects a hit. One inspection is under way at a time, and it loads twice at most. Never rejects. */
  async inspect(hit: InspectedHit): Promise<void> {
    this.isDue = false;
    const look = await this.compareTwice(hit);
    if (this.shutdown.signal.aborted) return;
    const age = Date.now() - hit.response.loadedAt;
    this.events.emit({ type: 'inspection', result: look.result, age });
    if (look.result === 'mismatch') this.report(hit, age, look.cached, look.source);
    this.waitForTurn();
  }

  /** The time after which a write has invalidated its tags, or a sweeper has done so for it. In milliseconds. */
  private get longestWrite(): number {
    return this.options.pendingWriteLifetime + 2 * this.options.sweepInterval;
  }

  private waitForTurn(): void {
    this.timer = setTimeout(() => (this.isDue = true), this.options.inspectionInterval).unref();
  }

  private async compareTwice(hit: InspectedHit): Promise<Look> {
    try {
      const first = await this.compare(hit);
      if (first.result !== 'mismatch') return first;
      await delay(this.longestWrite, undefined, { signal: this.shutdown.signal, ref: false });
      return await this.compare(hit);
    } catch (error) {
      this.logger.debug(`an inspection failed: ${error instanceof Error ? error.message : String(error)}`);
      return { result: 'failed' };
    }
  }

  private async compare({ tags, vector, response, load, comparable }: InspectedHit): Promise<Look> {
    const source = await this.sourceDigest(load, comparable);
    const isTrusted = this.backplane?.mayAnswer !== false;
    if (!isTrusted || !isCurrent(vector, tags, await this.versions.snapshot(tags))) return { result: 'superseded' };
    const cached = digestOf(response, comparable);
    return cached === source ? { result: 'match' } : { result: 'mismatch', cached, source };
  }

  /** What stands for the source's present answer. */
  private async sourceDigest(load: InspectedHit['load'], comparable: InspectedHit['comparable']): Promise<string> {
    try {
      return digestOf(await load(), comparable);
    } catch (error) {
      if (this.options.isAnswer(error)) return 'an error';
      throw error;
    }
  }

  /** Keys may contain what users have typed, so the log has their digest. */
  private report({ key, tags, vector }: InspectedHit, age: number, cached: string, source: string): void {
    this.logger.error(
      `A cached response differs from the source: key ${digest(key)}, tags ${tags.join(', ')}, versions ${vector.join(', ')}, ` +
        `cached ${cached}, source ${source}, ${Math.round(age / 1_000)} s old`,
    );
  }
}

function digestOf({ identity: { body } }: CachedResponse, comparable: InspectedHit['comparable']): string {
  return digest(comparable ? JSON.stringify(comparable(JSON.parse(body.toString()) as never)) : body);
}

function digest(value: string | Buffer): string {
  return createHash('sha256').update(value).digest('base64url').slice(0, 16);
}
