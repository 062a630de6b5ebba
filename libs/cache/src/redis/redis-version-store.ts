import { randomUUID } from 'node:crypto';
import { CacheEvents, type EpochRenewalCause } from '../cache.events.js';
import type { CacheOptions } from '../cache.options.js';
import { TroubleLogger } from '../flow/reminder.js';
import { UnconfirmedInvalidations } from '../versions/unconfirmed-invalidations.js';
import {
  ADMIT_ALL,
  EPOCH,
  randomAdvances,
  StoreRefusedError,
  unlessUnavailable,
  VersionStore,
  type Admission,
  type Advance,
  type BegunWrite,
  type CompleteOptions,
  type PendingSnapshot,
  type PendingWrite,
  type Tag,
  type Version,
  type VersionSnapshot,
} from '../versions/version-store.js';
import type { StoreProblem } from '../versions/store-problem.js';
import { freshVersion } from '../versions/version-vector.js';
import { UnexpectedReplyError } from './expected-replies.js';
import type { RedisClient, RedisConnection } from './redis-connection.js';
import type { Given } from './redis-scripts.js';

type RedisVersionStoreOptions = Pick<
  CacheOptions,
  'namespace' | 'pendingWriteLifetime' | 'versionLifetime' | 'leaseLifetime'
>;

/** How long a version is kept under which nothing is stored yet, in milliseconds: longer than a load can take. */
const UNUSED_LIFETIME = 30_000;

/** Separates the label of an epoch from its random part. */
const LABEL_END = '#';

/** The version store of any number of processes: plain keys, a hash and small scripts on one Redis. */
export class RedisVersionStore extends VersionStore {
  private readonly prefix: string;
  private readonly scriptKeys: readonly [writes: string, versions: string];
  private readonly logger = new TroubleLogger(RedisVersionStore.name);
  private readonly unconfirmed = new UnconfirmedInvalidations();
  private label = '';
  private admittedTo: string | undefined;
  /** By the clock of Redis, when this process last heard of it. */
  private redisTime: number | undefined;
  /** Set if Redis, when it was last asked, might have evicted pending writes. */
  private eviction: StoreProblem | undefined;

  constructor(
    private readonly connection: RedisConnection,
    private readonly options: RedisVersionStoreOptions,
    private readonly events = new CacheEvents(),
  ) {
    super();
    // The braces mark the hash tag, which puts all keys into one slot of a Redis Cluster. Scripts and MGET need that.
    this.prefix = `{${options.namespace}}`;
    this.scriptKeys = [`${this.prefix}:pending-writes`, `${this.prefix}:version`];
  }

  override get available(): boolean {
    return this.connection.available;
  }

  override get store(): string | undefined {
    return this.connection.available ? this.admittedTo : undefined;
  }

  override get problem(): StoreProblem | undefined {
    return this.connection.problem ?? this.eviction;
  }

  override open(admission: Admission = ADMIT_ALL): Promise<void> {
    return this.connection.open((client, takeInvalidations) => this.admit(client, admission, takeInvalidations));
  }

  override close(): Promise<void> {
    return this.connection.close();
  }

  override revalidate(reason: string): void {
    this.connection.distrust({ kind: 'revalidating', message: reason });
  }

  override markUnconfirmed(tags: readonly Tag[]): void {
    if (tags.length === 0) return;
    this.unconfirmed.add(tags);
    this.events.emit({ type: 'unconfirmed-invalidation', tags });
    // An admission makes up for them. One that could have sent them begins again.
    if (this.connection.takesInvalidations) {
      this.connection.distrust({ kind: 'revalidating', message: 'an invalidation is unconfirmed' });
    }
  }

  override snapshot(tags: readonly Tag[]): Promise<VersionSnapshot> {
    return this.connection.run('snapshot', async (client) => {
      const all = [EPOCH, ...tags];
      // The last key never exists. While the slot moves to another node, Redis refuses commands with a missing key. Scripts
      // fail then, so snapshots must fail, too: they would miss writes that Redis was not told of.
      const found = await client.mGet([...all.map((tag) => this.versionKey(tag)), this.scriptKeys[1]]);
      if (!Array.isArray(found) || found.length !== all.length + 1)
        throw new UnexpectedReplyError('another one than to MGET');
      const snapshot = new Map<Tag, Version>(found[0] == null ? await this.ensureOn(client, []) : []);
      if (found[0] == null) this.noteRenewal('no-epoch');
      all.forEach((tag, i) => {
        if (found[i] != null) snapshot.set(tag, found[i]);
      });
      return snapshot;
    });
  }

  override ensureVersions(tags: readonly Tag[]): Promise<VersionSnapshot> {
    return this.connection.run('ensure-versions', (client) => this.ensureOn(client, tags));
  }

  override checkIn(member: string, lifetime: number, mayReturn: boolean): Promise<number> {
    return this.connection.run('member', async (client) => {
      const endsAt = this.redisTime === undefined ? 0 : this.redisTime + lifetime;
      const presenceKey = this.presenceKey(member);
      const [time, left] = await client.checkIn(this.scriptKeys, { ...this.given(), presenceKey, endsAt, mayReturn });
      this.redisTime = time;
      return Math.max(0, left);
    });
  }

  override async arePresent(members: readonly string[]): Promise<boolean> {
    if (members.length === 0) return true;
    const keys = members.map((member) => this.presenceKey(member));
    return (await this.connection.run('member', (client) => client.exists(keys))) === keys.length;
  }

  override begin(write: PendingWrite, tags: readonly Tag[] = []): Promise<BegunWrite> {
    return this.connection.run('begin', (client) => this.beginOn(client, tags, write));
  }

  override async complete(
    writeIds: readonly string[],
    advances: readonly Advance[],
    options: CompleteOptions = {},
  ): Promise<boolean> {
    try {
      return await this.connection.run(
        'complete',
        (client) => this.completeOn(client, advances, { writeIds, ...options }),
        { isInvalidation: true },
      );
    } catch (error) {
      this.markUnconfirmed(advances.map(({ tag }) => tag));
      throw error;
    }
  }

  override pending(tags: readonly Tag[]): Promise<PendingSnapshot> {
    return this.connection.run('pending', async (client) => {
      const all = [EPOCH, ...tags];
      const [writeIds = [], versions = []] = await client.pending(this.scriptKeys, { ...this.given(), tags: all });
      const found = all.map((tag, i) => [tag, versions[i] ?? ''] as const);
      return { writeIds, snapshot: new Map(found.filter(([, version]) => version !== '')) };
    });
  }

  override async invalidateOverdue(writeIds: readonly string[]): Promise<void> {
    await this.connection.run('invalidate-overdue', (client) =>
      client.invalidateOverdue(this.scriptKeys, { ...this.given(), writeIds }),
    );
  }

  override async sweepExpired(): Promise<readonly Tag[]> {
    const [swept, memory] = await this.connection.run('sweep', (client) =>
      Promise.all([client.sweepExpired(this.scriptKeys, this.given()), client.info('memory')]),
    );
    this.eviction = evictionProblem(memory);
    if (this.eviction) this.logger.trouble(`Redis may lose pending writes: ${this.eviction.message}`);
    return [...new Set(swept)];
  }

  override acquireLease(name: string): Promise<boolean> {
    const options = { NX: true, PX: this.options.leaseLifetime } as const;
    return unlessUnavailable(
      () =>
        this.connection.run('lease', async (client) => (await client.set(this.leaseKey(name), '', options)) !== null),
      () => true,
    );
  }

  override async releaseLease(name: string): Promise<void> {
    const release = () => this.connection.run('lease', (client) => client.del(this.leaseKey(name)));
    await unlessUnavailable(release, () => undefined);
  }

  /**
   * Makes what is stored trustworthy: all instances use this Redis, its epoch began after that was so, and unconfirmed
   * invalidations are made up for.
   */
  private async admit(client: RedisClient, admission: Admission, takeInvalidations: () => void): Promise<void> {
    // Other keys on the same Redis are another store.
    const store = `${await identify(client)}:${this.options.namespace}`;
    await this.tryOut(client);
    this.redisTime = undefined;
    for (;;) {
      const epoch = (await client.get(this.versionKey(EPOCH))) ?? '';
      const label = await admission.admit(store, labelOf(epoch));
      const unconfirmed = this.unconfirmed.list();
      if (labelOf(epoch) !== label || unconfirmed.has(EPOCH)) {
        const next = `${label}${LABEL_END}${freshVersion()}`;
        const renewal: Advance = { tag: EPOCH, swap: { expected: epoch, next, otherwise: 'refuse' } };
        // If another instance has renewed the epoch meanwhile, its label must be checked again.
        if (!(await this.completeOn(client, [renewal]))) continue;
        this.noteRenewal(labelOf(epoch) === label ? 'unconfirmed' : epoch === '' ? 'no-epoch' : 'other-store');
      }
      const tags = [...unconfirmed.keys()].filter((tag) => tag !== EPOCH);
      await this.completeOn(client, randomAdvances(tags), { shown: tags });
      // These commands fail if the connection was replaced meanwhile, so this admission is the latest one.
      this.label = label;
      this.admittedTo = store;
      this.unconfirmed.confirm(unconfirmed);
      takeInvalidations();
      if (this.unconfirmed.isEmpty) return;
    }
  }

  /**
   * Does once what the cache does later. A Redis that is full, or a user who lacks a right, would otherwise be trusted until the
   * first write, and then again and again.
   */
  private async tryOut(client: RedisClient): Promise<void> {
    const given = this.given();
    const [presenceKey, leaseKey] = [this.presenceKey(given.random), this.leaseKey(given.random)];
    await Promise.all([
      client.tryOut(this.scriptKeys, { ...given, presenceKey }),
      client.mGet([this.versionKey(EPOCH), this.scriptKeys[1]]),
      client.exists([presenceKey]),
      client.set(leaseKey, '', { NX: true, PX: 1_000 }),
      client.del(leaseKey),
    ]);
  }

  private noteRenewal(cause: EpochRenewalCause): void {
    this.events.emit({ type: 'epoch-renewal', cause });
  }

  private async ensureOn(client: RedisClient, tags: readonly Tag[]): Promise<VersionSnapshot> {
    return (await this.beginOn(client, tags)).snapshot;
  }

  private async beginOn(client: RedisClient, tags: readonly Tag[], write?: PendingWrite): Promise<BegunWrite> {
    const all = [EPOCH, ...tags];
    const [others, versions] = await client.begin(this.scriptKeys, {
      ...this.given(),
      tags: all,
      ...(write && { write: { ...write, creates: write.creates ?? [] } }),
      writeLifetime: this.options.pendingWriteLifetime,
      unusedLifetime: UNUSED_LIFETIME,
    });
    return { isAlone: others === 0, snapshot: new Map(all.map((tag, i) => [tag, versions[i] ?? ''])) };
  }

  private async completeOn(
    client: RedisClient,
    advances: readonly Advance[],
    { writeIds = [], shown = [], leases = [] }: CompleteOptions & { readonly writeIds?: readonly string[] } = {},
  ): Promise<boolean> {
    const done = await client.complete(this.scriptKeys, {
      ...this.given(),
      writeIds,
      advances,
      shown,
      leaseKeys: leases.map((name) => this.leaseKey(name)),
      leaseLifetime: this.options.leaseLifetime,
    });
    return done === 1;
  }

  private given(): Given {
    const { versionLifetime } = this.options;
    return { random: freshVersion(), epochLabel: `${this.label}${LABEL_END}`, versionLifetime };
  }

  private versionKey(tag: Tag): string {
    return `${this.scriptKeys[1]}:${tag}`;
  }

  private presenceKey(member: string): string {
    return `${this.prefix}:member:${member}`;
  }

  private leaseKey(name: string): string {
    return `${this.prefix}:lease:${name}`;
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
  if (valueOf('role') === 'slave') throw new StoreRefusedError('this Redis is a replica: use the primary');
  // A server that hides its process may be another one on each connection.
  return `redis:${valueOf('run_id') || randomUUID()}:${valueOf('master_replid')}`;
}

/**
 * Redis may evict pending writes, which have no time to live. If one is lost and its writer dies between commit and invalidation, a
 * cached response stays stale. Only a policy `allkeys-…` does that.
 *
 * INFO tells the policy without a right to CONFIG. A Redis that does not tell it is not judged.
 */
function evictionProblem(memory: string): StoreProblem | undefined {
  const policy = /^maxmemory_policy:(allkeys-\S+)/m.exec(memory)?.[1];
  if (policy === undefined) return undefined;
  return {
    kind: 'eviction-policy',
    message: `maxmemory-policy is ${policy}, so a response could stay stale after a crash of an instance: set it to volatile-lru`,
  };
}

function labelOf(epoch: string): string {
  const end = epoch.lastIndexOf(LABEL_END);
  return end < 0 ? '' : epoch.slice(0, end);
}
