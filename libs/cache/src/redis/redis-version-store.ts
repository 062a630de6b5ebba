import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { UnconfirmedInvalidations } from '../versions/unconfirmed-invalidations.js';
import {
  ADMIT_ALL,
  EPOCH,
  randomAdvances,
  StoreRefusedError,
  VersionStore,
  type Admission,
  type Advance,
  type PendingSnapshot,
  type PendingWrite,
  type Tag,
  type Version,
  type VersionSnapshot,
} from '../versions/version-store.js';
import { freshVersion } from '../versions/version-vector.js';
import type { RedisClient, RedisConnection } from './redis-connection.js';

/** Times in milliseconds. */
export interface RedisVersionStoreOptions {
  readonly namespace: string;
  readonly pendingWriteLifetime: number;
  readonly versionLifetime: number;
}

/** Completed writes that are removed from Redis in one step. */
const MAX_REMOVED = 1_000;

/** Completed writes that are remembered for removal. Further ones expire in Redis. */
const MAX_REMEMBERED = 10_000;

/** How long a version is kept under which nothing is stored yet, in milliseconds: longer than a load can take. */
const UNUSED_LIFETIME = 30_000;

/** Separates the label of an epoch from its random part. */
const LABEL_END = '#';

/** The version store of any number of processes: plain keys and small scripts on one Redis. */
export class RedisVersionStore extends VersionStore {
  private readonly keys: VersionStoreKeys;
  /** Writes whose completion did not reach Redis. Readers would wait for them as long as Redis has them. */
  private readonly leftBehind: LRUCache<string, true>;
  private readonly unconfirmed = new UnconfirmedInvalidations();
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

  override revalidate(reason: string): void {
    this.connection.distrust(reason);
  }

  override markUnconfirmed(tags: readonly Tag[]): void {
    if (tags.length === 0) return;
    this.unconfirmed.add(tags);
    this.connection.distrust('an invalidation is unconfirmed');
  }

  override snapshot(tags: readonly Tag[]): Promise<VersionSnapshot> {
    return this.connection.run(async (client) => {
      const all = [EPOCH, ...tags];
      const found = await client.mGet(all.map((tag) => this.keys.version(tag)));
      const snapshot = new Map<Tag, Version>();
      all.forEach((tag, i) => {
        const version = found[i];
        if (typeof version === 'string') snapshot.set(tag, version);
      });
      if (!snapshot.has(EPOCH)) snapshot.set(EPOCH, await this.replaceMissing(client, EPOCH));
      return snapshot;
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
      const keys = [this.keys.member(member), this.keys.version(EPOCH)] as const;
      this.redisTime = await client.checkIn(keys, endsAt, this.options.versionLifetime);
    });
  }

  override async arePresent(members: readonly string[]): Promise<boolean> {
    if (members.length === 0) return true;
    const keys = members.map((member) => this.keys.member(member));
    return (await this.connection.run((client) => client.exists(keys))) === keys.length;
  }

  /**
   * Makes what is stored trustworthy: all instances use this Redis, its epoch began after that was so, and unconfirmed
   * invalidations are made up for.
   */
  private async admit(client: RedisClient, admission: Admission): Promise<void> {
    const key = this.keys.version(EPOCH);
    // Other keys on the same Redis are another store.
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
      await this.advance(client, [], randomAdvances(tags), tags);
      this.unconfirmed.confirm(unconfirmed);
      if (this.unconfirmed.isEmpty) return;
    }
  }

  override begin(write: PendingWrite, tags: readonly Tag[] = []): Promise<VersionSnapshot> {
    const all = [EPOCH, ...tags];
    const lifetimes = { write: this.options.pendingWriteLifetime, version: UNUSED_LIFETIME };
    return this.connection.run(async (client) => {
      const versions = await client.begin(
        [...this.keys.pendingWrites, ...all.map((tag) => this.keys.version(tag))],
        { id: write.id, touched: JSON.stringify({ tags: write.tags, creates: write.creates ?? [] }) },
        lifetimes,
        all.map((tag) => this.fresh(tag)),
      );
      return new Map(all.map((tag, i) => [tag, versions[i] ?? '']));
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

  override pending(tags: readonly Tag[]): Promise<PendingSnapshot> {
    return this.connection.run(async (client) => {
      const all = [EPOCH, ...tags];
      const versionKeys = all.map((tag) => this.keys.version(tag));
      const { writeIds, versions } = await client.pending(
        [...this.keys.pendingWrites, ...versionKeys],
        this.options.versionLifetime,
        tags,
      );
      const found = all.map((tag, i) => [tag, versions[i] ?? ''] as const);
      return { writeIds, snapshot: new Map(found.filter(([, version]) => version !== '')) };
    });
  }

  override invalidateOverdue(writeIds: readonly string[]): Promise<void> {
    const { pendingWrites } = this.keys;
    const { versionLifetime } = this.options;
    return this.connection.run((client) =>
      client.invalidateOverdue(pendingWrites, versionLifetime, this.keys.version(''), freshVersion(), writeIds),
    );
  }

  override sweepExpired(): Promise<readonly Tag[]> {
    return this.connection.run(async (client) => {
      await this.removeLeftBehind(client);
      const found = await client.expired(this.keys.pendingWrites);
      const swept = new Set<Tag>();
      for (let i = 0; i + 1 < found.length; i += 2) {
        const { tags } = JSON.parse(found[i + 1] ?? '') as { readonly tags: Tag[] };
        await this.advance(client, [found[i] ?? ''], randomAdvances(tags), []);
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
      advances.flatMap(({ tag, swap }) => [
        tag,
        swap?.expected ?? '',
        swap?.next ?? '',
        this.fresh(tag),
        swap?.otherwise === 'refuse' ? '1' : '',
      ]),
      { prefix: this.keys.version(''), fresh: freshVersion(), tags: shown },
    );
  }

  /** If several instances replace a missing version at the same time, the first one's replacement stands. */
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
 * Identifies a Redis and the history of its data: after a restart, a failover or a full synchronisation it has another name.
 *
 * @throws {StoreRefusedError} if it is a replica
 */
async function identify(client: RedisClient): Promise<string> {
  const info = `${await client.info('server')}\r\n${await client.info('replication')}`;
  const valueOf = (name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
  if (valueOf('role') === 'slave') throw new StoreRefusedError('it is a replica');
  // A server that hides its process may be another one on each connection.
  return `redis:${valueOf('run_id') || randomUUID()}:${valueOf('master_replid')}`;
}

function labelOf(epoch: string): string {
  const end = epoch.lastIndexOf(LABEL_END);
  return end < 0 ? '' : epoch.slice(0, end);
}

/** The keys of a version store. All lie in one slot of a Redis Cluster, since scripts and MGET must not span slots. */
class VersionStoreKeys {
  /** A sorted set of the times when pending writes expire, and a hash of their tags. */
  readonly pendingWrites: readonly [string, string];

  constructor(private readonly namespace: string) {
    this.pendingWrites = [`{${namespace}}:pending-write-expiry`, `{${namespace}}:pending-writes`];
  }

  member(id: string): string {
    return `{${this.namespace}}:member:${id}`;
  }

  version(tag: Tag): string {
    return `{${this.namespace}}:version:${tag}`;
  }
}
