import { LRUCache } from 'lru-cache';
import {
  EPOCH,
  Ledger,
  type Flip,
  type Intent,
  type ObservedVersions,
  type PendingWrites,
  type Tag,
  type Version,
} from '../ledger/ledger.js';
import { freshVersion } from '../ledger/version.js';
import type { RedisClient, RedisConnection } from './redis-connection.js';

/** Times in milliseconds. */
export interface RedisLedgerOptions {
  readonly namespace: string;
  readonly intentLifetime: number;
  readonly versionLifetime: number;
}

/** How many intents are removed at a time that could not be before. */
const MAX_REMOVED = 1_000;

/** How many of them are remembered; others end by their deadlines. */
const MAX_REMEMBERED = 10_000;

/** The ledger of any number of processes: plain keys and three small scripts on one Redis. */
export class RedisLedger extends Ledger {
  private readonly keys: LedgerKeys;
  /**
   * Of writes that are over, which could not be told. Everything is invalid before this process trusts the ledger again, so
   * nothing is left to be done for them; but as long as they are there, readers take them for writes under way.
   */
  private readonly leftBehind: LRUCache<string, true>;

  constructor(
    private readonly connection: RedisConnection,
    private readonly options: RedisLedgerOptions,
  ) {
    super();
    this.keys = new LedgerKeys(options.namespace);
    this.leftBehind = new LRUCache({ max: MAX_REMEMBERED, ttl: options.intentLifetime });
  }

  override get available(): boolean {
    return this.connection.available;
  }

  override observe(tags: readonly Tag[]): Promise<ObservedVersions> {
    return this.connection.run((client) => this.read(client, [EPOCH, ...tags]));
  }

  override announce(intent: Intent, observeTags: readonly Tag[] = []): Promise<ObservedVersions> {
    const tags = [EPOCH, ...observeTags];
    const { intentLifetime, versionLifetime } = this.options;
    return this.connection.run(async (client) => {
      const versions = await client.announce(
        [...this.keys.intents, ...tags.map((tag) => this.keys.version(tag))],
        { id: intent.id, touched: JSON.stringify({ tags: intent.tags, made: intent.made ?? [] }) },
        { intent: intentLifetime, version: versionLifetime },
        tags.map(freshVersion),
      );
      return new Map(tags.map((tag, i) => [tag, versions[i] ?? '']));
    });
  }

  override async settle(
    intentIds: readonly string[],
    flips: readonly Flip[],
    shown: readonly Tag[] = [],
  ): Promise<boolean> {
    try {
      return await this.connection.run((client) => this.flip(client, intentIds, flips, shown));
    } catch (error) {
      for (const id of intentIds) this.leftBehind.set(id, true);
      this.connection.owe();
      throw error;
    }
  }

  override pending(tags: readonly Tag[]): Promise<PendingWrites> {
    return this.connection.run(async (client) => {
      const all = [EPOCH, ...tags];
      const versionKeys = all.map((tag) => this.keys.version(tag));
      const { intentIds, versions } = await client.pending([...this.keys.intents, ...versionKeys], tags);
      const found = all.map((tag, i) => [tag, versions[i] ?? ''] as const);
      return { intentIds, observed: new Map(found.filter(([, version]) => version !== '')) };
    });
  }

  override sweep(): Promise<readonly Tag[]> {
    return this.connection.run(async (client) => {
      await this.removeLeftBehind(client);
      const found = await client.overdue(this.keys.intents);
      const swept = new Set<Tag>();
      for (let i = 0; i + 1 < found.length; i += 2) {
        const { tags } = JSON.parse(found[i + 1] ?? '') as { readonly tags: Tag[] };
        await this.flip(
          client,
          [found[i] ?? ''],
          tags.map((tag) => ({ tag })),
          [],
        );
        for (const tag of tags) swept.add(tag);
      }
      return [...swept];
    });
  }

  private async removeLeftBehind(client: RedisClient): Promise<void> {
    const ids = [...this.leftBehind.keys()].slice(0, MAX_REMOVED);
    if (ids.length === 0) return;
    await this.flip(client, ids, [], []);
    for (const id of ids) this.leftBehind.delete(id);
  }

  private flip(
    client: RedisClient,
    intentIds: readonly string[],
    flips: readonly Flip[],
    shown: readonly Tag[],
  ): Promise<boolean> {
    return client.settle(
      [...this.keys.intents, ...flips.map(({ tag }) => this.keys.version(tag))],
      this.options.versionLifetime,
      intentIds,
      flips.flatMap(({ tag, refreshed }) => [
        tag,
        refreshed?.observed ?? '',
        refreshed?.version ?? '',
        freshVersion(),
        refreshed?.orRefuse ? '1' : '',
      ]),
      { prefix: this.keys.version(''), fresh: freshVersion(), tags: shown },
    );
  }

  private async read(client: RedisClient, tags: readonly Tag[]): Promise<ObservedVersions> {
    const found = await client.mGet(tags.map((tag) => this.keys.version(tag)));
    const observed = new Map<Tag, Version>();
    await Promise.all(
      tags.map(async (tag, i) => observed.set(tag, found[i] ?? (await this.replaceMissing(client, tag)))),
    );
    return observed;
  }

  /** Of several instances that find a version missing at the same time, the first one's replacement stands. */
  private async replaceMissing(client: RedisClient, tag: Tag): Promise<Version> {
    const version = freshVersion();
    const options = { NX: true, GET: true, PX: this.options.versionLifetime } as const;
    return (await client.set(this.keys.version(tag), version, options)) ?? version;
  }
}

/** Sets a new epoch: nothing that was stored before is valid any more. */
export function renewEpoch(
  client: RedisClient,
  { namespace, versionLifetime }: Pick<RedisLedgerOptions, 'namespace' | 'versionLifetime'>,
): Promise<unknown> {
  return client.set(new LedgerKeys(namespace).version(EPOCH), freshVersion(), { PX: versionLifetime });
}

/** The keys of a ledger, which all lie on one slot of a Redis Cluster: their scripts and MGET may not span slots. */
class LedgerKeys {
  /** Deadlines and tags of the writes under way. */
  readonly intents: readonly [string, string];

  constructor(private readonly namespace: string) {
    this.intents = [`{${namespace}}:intent-deadlines`, `{${namespace}}:intents`];
  }

  version(tag: Tag): string {
    return `{${this.namespace}}:version:${tag}`;
  }
}
