import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { ADMIT_ALL, StoreRefusedError, type Admission } from '../ledger/admission.js';
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
import { UnconfirmedInvalidations } from '../ledger/unconfirmed-invalidations.js';
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

/** How long a version is kept under which nothing was stored yet, in milliseconds: longer than a load can take. */
const UNUSED_LIFETIME = 30_000;

/** Separates what an epoch was made for from its random part. */
const LABEL_END = '#';

/** The ledger of any number of processes: plain keys and three small scripts on one Redis. */
export class RedisLedger extends Ledger {
  private readonly keys: LedgerKeys;
  /**
   * Writes that are over, and whose end did not arrive. Their tags are unconfirmed, and so invalidated; but as long as the
   * intents are there, readers take them for writes under way.
   */
  private readonly leftBehind: LRUCache<string, true>;
  private readonly unconfirmed = new UnconfirmedInvalidations();
  /** What the epoch of the store was made for. */
  private label = '';
  private admittedTo: string | undefined;
  /** By the clock of Redis, when this process last heard of it. */
  private redisTime: number | undefined;

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

  override get store(): string | undefined {
    return this.connection.available ? this.admittedTo : undefined;
  }

  override open(admission: Admission = ADMIT_ALL): Promise<void> {
    return this.connection.open((client) => this.admit(client, admission));
  }

  override close(): Promise<void> {
    return this.connection.close();
  }

  override readmit(why: string): void {
    this.connection.distrust(why);
  }

  override owe(tags: readonly Tag[]): void {
    if (tags.length === 0) return;
    this.unconfirmed.add(tags);
    this.connection.distrust('an invalidation is unconfirmed');
  }

  override observe(tags: readonly Tag[]): Promise<ObservedVersions> {
    return this.connection.run(async (client) => {
      const all = [EPOCH, ...tags];
      const found = await client.mGet(all.map((tag) => this.keys.version(tag)));
      const observed = new Map<Tag, Version>();
      all.forEach((tag, i) => {
        const version = found[i];
        if (typeof version === 'string') observed.set(tag, version);
      });
      if (!observed.has(EPOCH)) observed.set(EPOCH, await this.replaceMissing(client, EPOCH));
      return observed;
    });
  }

  override provide(tags: readonly Tag[]): Promise<ObservedVersions> {
    return this.connection.run(async (client) => {
      const all = [EPOCH, ...tags];
      const found = await client.mGet(all.map((tag) => this.keys.version(tag)));
      const versions = all.map(async (tag, i) => [tag, found[i] ?? (await this.replaceMissing(client, tag))] as const);
      return new Map(await Promise.all(versions));
    });
  }

  override checkIn(member: string, lifetime: number): Promise<void> {
    return this.connection.run(async (client) => {
      const endsAt = this.redisTime === undefined ? 0 : this.redisTime + lifetime;
      this.redisTime = await client.checkIn(
        [this.keys.member(member), this.keys.version(EPOCH)],
        endsAt,
        this.options.versionLifetime,
      );
    });
  }

  override async areIn(members: readonly string[]): Promise<boolean> {
    if (members.length === 0) return true;
    const keys = members.map((member) => this.keys.member(member));
    return (await this.connection.run((client) => client.exists(keys))) === keys.length;
  }

  /**
   * Makes sure that what is stored can be trusted: all instances use this Redis, its epoch was made since that is so, and
   * invalidations that did not arrive are made up for.
   */
  private async admit(client: RedisClient, admission: Admission): Promise<void> {
    const key = this.keys.version(EPOCH);
    const store = await identify(client);
    this.redisTime = undefined;
    for (;;) {
      const epoch = (await client.get(key)) ?? '';
      const label = await admission.admit(store, labelOf(epoch));
      const owed = this.unconfirmed.list();
      if (labelOf(epoch) !== label || owed.includes(EPOCH)) {
        const fresh = `${label}${LABEL_END}${freshVersion()}`;
        if (labelOf(await client.renewEpoch(key, epoch, fresh, this.options.versionLifetime)) !== label) continue;
      }
      this.label = label;
      this.admittedTo = store;
      const tags = owed.filter((tag) => tag !== EPOCH);
      await this.flip(
        client,
        [],
        tags.map((tag) => ({ tag })),
        tags,
      );
      this.unconfirmed.confirm(owed);
      if (this.unconfirmed.isEmpty) return;
    }
  }

  override announce(intent: Intent, observeTags: readonly Tag[] = []): Promise<ObservedVersions> {
    const tags = [EPOCH, ...observeTags];
    const { intentLifetime } = this.options;
    return this.connection.run(async (client) => {
      const versions = await client.announce(
        [...this.keys.intents, ...tags.map((tag) => this.keys.version(tag))],
        { id: intent.id, touched: JSON.stringify({ tags: intent.tags, made: intent.made ?? [] }) },
        { intent: intentLifetime, version: UNUSED_LIFETIME },
        tags.map((tag) => this.fresh(tag)),
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
      this.owe(flips.map(({ tag }) => tag));
      throw error;
    }
  }

  override pending(tags: readonly Tag[]): Promise<PendingWrites> {
    return this.connection.run(async (client) => {
      const all = [EPOCH, ...tags];
      const versionKeys = all.map((tag) => this.keys.version(tag));
      const { intentIds, versions } = await client.pending(
        [...this.keys.intents, ...versionKeys],
        this.options.versionLifetime,
        tags,
      );
      const found = all.map((tag, i) => [tag, versions[i] ?? ''] as const);
      return { intentIds, observed: new Map(found.filter(([, version]) => version !== '')) };
    });
  }

  override overtake(tags: readonly Tag[]): Promise<void> {
    return this.connection.run((client) =>
      client.overtake(this.keys.intents, this.options.versionLifetime, this.keys.version(''), freshVersion(), tags),
    );
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
        this.fresh(tag),
        refreshed?.orRefuse ? '1' : '',
      ]),
      { prefix: this.keys.version(''), fresh: freshVersion(), tags: shown },
    );
  }

  /** Of several instances that find a version missing at the same time, the first one's replacement stands. */
  private async replaceMissing(client: RedisClient, tag: Tag): Promise<Version> {
    const version = this.fresh(tag);
    const lifetime = tag === EPOCH ? this.options.versionLifetime : UNUSED_LIFETIME;
    return (await client.set(this.keys.version(tag), version, { NX: true, GET: true, PX: lifetime })) ?? version;
  }

  private fresh(tag: Tag): Version {
    return tag === EPOCH ? `${this.label}${LABEL_END}${freshVersion()}` : freshVersion();
  }
}

/**
 * Names a Redis and the history of its data: after a restart, a failover or a full synchronisation it has another name.
 *
 * @throws {StoreRefusedError} if it is a replica
 */
async function identify(client: RedisClient): Promise<string> {
  const info = `${await client.info('server')}\r\n${await client.info('replication')}`;
  const valueOf = (name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
  if (valueOf('role') === 'slave') throw new StoreRefusedError('it is a replica');
  // What does not say which process it is may be another one on each connection.
  return `redis:${valueOf('run_id') || randomUUID()}:${valueOf('master_replid')}`;
}

/** What an epoch was made for. */
function labelOf(epoch: string): string {
  const end = epoch.lastIndexOf(LABEL_END);
  return end < 0 ? '' : epoch.slice(0, end);
}

/** The keys of a ledger, which all lie on one slot of a Redis Cluster: their scripts and MGET may not span slots. */
class LedgerKeys {
  /** Deadlines and tags of the writes under way. */
  readonly intents: readonly [string, string];

  constructor(private readonly namespace: string) {
    this.intents = [`{${namespace}}:intent-deadlines`, `{${namespace}}:intents`];
  }

  member(id: string): string {
    return `{${this.namespace}}:member:${id}`;
  }

  version(tag: Tag): string {
    return `{${this.namespace}}:version:${tag}`;
  }
}
