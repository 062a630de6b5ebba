import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { ADMIT_ALL, StoreRefusedError, type Admission } from '../versions/admission.js';
import {
  EPOCH,
  VersionStore,
  type Advance,
  type PendingWrite,
  type VersionSnapshot,
  type PendingWrites,
  type Tag,
  type Version,
} from '../versions/version-store.js';
import { UnconfirmedInvalidations } from '../versions/unconfirmed-invalidations.js';
import { freshVersion } from '../versions/version.js';
import type { RedisClient, RedisConnection } from './redis-connection.js';

/** Times in milliseconds. */
export interface RedisVersionStoreOptions {
  readonly namespace: string;
  readonly pendingWriteLifetime: number;
  readonly versionLifetime: number;
}

/** How many pendingWrites are removed at a time that could not be before. */
const MAX_REMOVED = 1_000;

/** How many of them are remembered; others end by their deadlines. */
const MAX_REMEMBERED = 10_000;

/** How long a version is kept under which nothing was stored yet, in milliseconds: longer than a load can take. */
const UNUSED_LIFETIME = 30_000;

/** Separates what an epoch was made for from its random part. */
const LABEL_END = '#';

/** The versionStore of any number of processes: plain keys and three small scripts on one Redis. */
export class RedisVersionStore extends VersionStore {
  private readonly keys: VersionStoreKeys;
  /**
   * Writes that are over, and whose end did not arrive. Their tags are unconfirmed, and so invalidated; but as long as the
   * pendingWrites are there, readers take them for writes under way.
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
    private readonly options: RedisVersionStoreOptions,
  ) {
    super();
    this.keys = new VersionStoreKeys(options.namespace);
    this.leftBehind = new LRUCache({ max: MAX_REMEMBERED, ttl: options.pendingWriteLifetime });
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

  override revalidate(why: string): void {
    this.connection.distrust(why);
  }

  override markUnconfirmed(tags: readonly Tag[]): void {
    if (tags.length === 0) return;
    this.unconfirmed.add(tags);
    this.connection.distrust('an invalidation is unconfirmed');
  }

  override observe(tags: readonly Tag[]): Promise<VersionSnapshot> {
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

  override ensureVersions(tags: readonly Tag[]): Promise<VersionSnapshot> {
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

  override async arePresent(members: readonly string[]): Promise<boolean> {
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
    // Whoever uses other keys on the same Redis uses another store.
    const store = `${await identify(client)}:${this.options.namespace}`;
    this.redisTime = undefined;
    for (;;) {
      const epoch = (await client.get(key)) ?? '';
      const label = await admission.admit(store, labelOf(epoch));
      const unconfirmed = this.unconfirmed.list();
      if (labelOf(epoch) !== label || unconfirmed.includes(EPOCH)) {
        const fresh = `${label}${LABEL_END}${freshVersion()}`;
        if (labelOf(await client.renewEpoch(key, epoch, fresh, this.options.versionLifetime)) !== label) continue;
      }
      this.label = label;
      this.admittedTo = store;
      const tags = unconfirmed.filter((tag) => tag !== EPOCH);
      await this.advance(
        client,
        [],
        tags.map((tag) => ({ tag })),
        tags,
      );
      this.unconfirmed.confirm(unconfirmed);
      if (this.unconfirmed.isEmpty) return;
    }
  }

  override begin(pendingWrite: PendingWrite, observeTags: readonly Tag[] = []): Promise<VersionSnapshot> {
    const tags = [EPOCH, ...observeTags];
    const { pendingWriteLifetime } = this.options;
    return this.connection.run(async (client) => {
      const versions = await client.begin(
        [...this.keys.pendingWrites, ...tags.map((tag) => this.keys.version(tag))],
        { id: pendingWrite.id, touched: JSON.stringify({ tags: pendingWrite.tags, made: pendingWrite.made ?? [] }) },
        { pendingWrite: pendingWriteLifetime, version: UNUSED_LIFETIME },
        tags.map((tag) => this.fresh(tag)),
      );
      return new Map(tags.map((tag, i) => [tag, versions[i] ?? '']));
    });
  }

  override async complete(
    writeIds: readonly string[],
    advances: readonly Advance[],
    shown: readonly Tag[] = [],
  ): Promise<boolean> {
    try {
      return await this.connection.run((client) => this.advance(client, writeIds, advances, shown));
    } catch (error) {
      for (const id of writeIds) this.leftBehind.set(id, true);
      this.markUnconfirmed(advances.map(({ tag }) => tag));
      throw error;
    }
  }

  override pending(tags: readonly Tag[]): Promise<PendingWrites> {
    return this.connection.run(async (client) => {
      const all = [EPOCH, ...tags];
      const versionKeys = all.map((tag) => this.keys.version(tag));
      const { writeIds, versions } = await client.pending(
        [...this.keys.pendingWrites, ...versionKeys],
        this.options.versionLifetime,
        tags,
      );
      const found = all.map((tag, i) => [tag, versions[i] ?? ''] as const);
      return { writeIds, observed: new Map(found.filter(([, version]) => version !== '')) };
    });
  }

  override invalidateOverdue(tags: readonly Tag[]): Promise<void> {
    return this.connection.run((client) =>
      client.invalidateOverdue(
        this.keys.pendingWrites,
        this.options.versionLifetime,
        this.keys.version(''),
        freshVersion(),
        tags,
      ),
    );
  }

  override sweepExpired(): Promise<readonly Tag[]> {
    return this.connection.run(async (client) => {
      await this.removeLeftBehind(client);
      const found = await client.expired(this.keys.pendingWrites);
      const swept = new Set<Tag>();
      for (let i = 0; i + 1 < found.length; i += 2) {
        const { tags } = JSON.parse(found[i + 1] ?? '') as { readonly tags: Tag[] };
        await this.advance(
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
    await this.advance(client, ids, [], []);
    for (const id of ids) this.leftBehind.delete(id);
  }

  private advance(
    client: RedisClient,
    writeIds: readonly string[],
    advances: readonly Advance[],
    shown: readonly Tag[],
  ): Promise<boolean> {
    return client.complete(
      [...this.keys.pendingWrites, ...advances.map(({ tag }) => this.keys.version(tag))],
      this.options.versionLifetime,
      writeIds,
      advances.flatMap(({ tag, refreshed }) => [
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

/** The keys of a versionStore, which all lie on one slot of a Redis Cluster: their scripts and MGET may not span slots. */
class VersionStoreKeys {
  /** Deadlines and tags of the writes under way. */
  readonly pendingWrites: readonly [string, string];

  constructor(private readonly namespace: string) {
    this.pendingWrites = [`{${namespace}}:pendingWrite-deadlines`, `{${namespace}}:pendingWrites`];
  }

  member(id: string): string {
    return `{${this.namespace}}:member:${id}`;
  }

  version(tag: Tag): string {
    return `{${this.namespace}}:version:${tag}`;
  }
}
