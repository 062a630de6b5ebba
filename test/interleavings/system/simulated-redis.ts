interface Write {
  readonly id: string;
  readonly tags: readonly string[];
  readonly creates: readonly string[];
}

interface Advance {
  readonly tag: string;
  readonly swap?: { readonly expected: string; readonly next: string; readonly otherwise: string };
}

/** What all scripts are given. */
interface Given {
  readonly random: string;
  readonly epochLabel: string;
}

interface Completion extends Given {
  readonly writeIds: readonly string[];
  readonly advances: readonly Advance[];
  readonly shown: readonly string[];
  readonly leaseKeys: readonly string[];
}

/** The key of the pending writes, and the start of version keys. */
type Keys = readonly [writes: string, versions: string];

interface SetOptions {
  readonly NX?: boolean;
  readonly GET?: boolean;
}

const EPOCH = 'epoch';

/**
 * A simulation of Redis that executes each command and script of the cache in one step. It shares no code with the scripts;
 * the contract of version stores checks that both behave alike.
 *
 * Nothing expires by itself. {@link passTime} ends leases and lets pending writes expire.
 */
export class SimulatedRedis {
  private values = new Map<string, string>();
  private readonly leases = new Set<string>();
  private pendingWrites = new Map<string, Write & { readonly expiresAt: number; readonly isOverdue?: boolean }>();
  private readonly presenceKeys = new Map<string, number>();

  now = 0;

  /** The number of failovers so far. */
  failovers = 0;

  /**
   * Stops the replication to a replica.
   *
   * @returns a function that promotes the replica
   */
  leaveReplicaBehind(): () => void {
    const values = new Map(this.values);
    const pendingWrites = new Map([...this.pendingWrites].map(([id, write]) => [id, { ...write }]));
    return () => {
      this.values = values;
      this.pendingWrites = pendingWrites;
      this.failovers += 1;
    };
  }

  /** Advances the clock, so that old pending writes expire, and ends all leases. */
  passTime(milliseconds: number): void {
    this.now += milliseconds;
    for (const lease of this.leases) this.values.delete(lease);
    this.leases.clear();
  }

  get pendingWriteCount(): number {
    return this.pendingWrites.size;
  }

  get(key: string): string | null {
    return this.values.get(key) ?? null;
  }

  mGet(keys: readonly string[]): (string | null)[] {
    return keys.map((key) => this.get(key));
  }

  set(key: string, value: string, { NX, GET }: SetOptions = {}): string | null {
    const before = this.get(key);
    if (NX && before !== null) return GET ? before : null;
    this.values.set(key, value);
    if (NX && !GET) this.leases.add(key);
    return GET ? before : 'OK';
  }

  del(key: string): number {
    return this.values.delete(key) ? 1 : 0;
  }

  begin(
    [, versions]: Keys,
    {
      tags,
      write,
      writeLifetime,
      random,
      epochLabel,
    }: Given & { tags: string[]; write?: Write; writeLifetime: number },
  ): [number, string[]] {
    const others = write ? this.pendingWrites.size : 0;
    if (write) this.pendingWrites.set(write.id, { ...write, expiresAt: this.now + writeLifetime });
    const found = tags.map((tag, i) => {
      const fresh = `${tag === EPOCH ? epochLabel : ''}${random}:${i}`;
      return this.set(versionKey(versions, tag), fresh, { NX: true, GET: true }) ?? fresh;
    });
    return [others, found];
  }

  complete([, versions]: Keys, { writeIds, advances, shown, leaseKeys, ...given }: Completion): number {
    const isExpected = ({ tag, swap }: Advance): boolean =>
      (this.get(versionKey(versions, tag)) ?? '') === swap?.expected;
    if (advances.some((one) => one.swap?.otherwise === 'refuse' && !isExpected(one))) return 0;

    const fresh = this.freshVersions(given);
    for (const one of advances) {
      const next = one.swap && isExpected(one) ? one.swap.next : fresh(one.tag);
      this.values.set(versionKey(versions, one.tag), next);
    }
    for (const id of writeIds) this.pendingWrites.delete(id);

    const isRefreshed = ({ tag, swap }: Advance): boolean => swap?.otherwise === 'refuse' || shown.includes(tag);
    const refreshed = new Set(advances.filter(isRefreshed).map(({ tag }) => tag));
    for (const { tags } of this.pendingWritesOn(shown)) {
      for (const tag of tags) if (!refreshed.has(tag)) this.values.set(versionKey(versions, tag), fresh(tag));
    }
    for (const key of leaseKeys) {
      this.values.set(key, '');
      this.leases.add(key);
    }
    return 1;
  }

  pending([, versions]: Keys, { tags }: Given & { tags: string[] }): [string[], string[]] {
    return [
      this.pendingWritesOn(tags).map(({ id }) => id),
      tags.map((tag) => this.get(versionKey(versions, tag)) ?? ''),
    ];
  }

  invalidateOverdue([, versions]: Keys, { writeIds, ...given }: Given & { writeIds: string[] }): null {
    const fresh = this.freshVersions(given);
    for (const write of writeIds.flatMap((id) => this.pendingWrites.get(id) ?? [])) {
      if (write.isOverdue) continue;
      for (const tag of [...write.tags, ...write.creates]) this.values.set(versionKey(versions, tag), fresh(tag));
      this.pendingWrites.set(write.id, { ...write, isOverdue: true });
    }
    return null;
  }

  sweepExpired([, versions]: Keys, given: Given): string[] {
    const fresh = this.freshVersions(given);
    const expired = [...this.pendingWrites.values()].filter(({ expiresAt }) => expiresAt <= this.now);
    for (const { id, tags } of expired) {
      for (const tag of tags) this.values.set(versionKey(versions, tag), fresh(tag));
      this.pendingWrites.delete(id);
    }
    return expired.flatMap(({ tags }) => tags);
  }

  checkIn(
    _keys: Keys,
    { presenceKey, endsAt, mayReturn }: Given & { presenceKey: string; endsAt: number; mayReturn: boolean },
  ): [number, number] {
    if (endsAt > this.now && (mayReturn || this.exists([presenceKey]) === 1))
      this.presenceKeys.set(presenceKey, endsAt);
    return [this.now, this.exists([presenceKey]) === 1 ? (this.presenceKeys.get(presenceKey) ?? 0) - this.now : -2];
  }

  exists(keys: readonly string[]): number {
    return keys.filter((key) => (this.presenceKeys.get(key) ?? -Infinity) > this.now).length;
  }

  tryOut(): null {
    return null;
  }

  info(): string {
    return `role:master\r\nrun_id:${this.failovers}\r\nmaster_replid:simulated\r\n`;
  }

  ping(message = 'PONG'): string {
    return message;
  }

  private pendingWritesOn(wanted: readonly string[]): Write[] {
    return [...this.pendingWrites.values()].filter(
      ({ tags, creates, isOverdue }) => !isOverdue && [...tags, ...creates].some((tag) => wanted.includes(tag)),
    );
  }

  private freshVersions({ random, epochLabel }: Given): (tag: string) => string {
    let drawn = 0;
    return (tag) => `${tag === EPOCH ? epochLabel : ''}${random}:${(drawn += 1)}`;
  }
}

function versionKey(versions: string, tag: string): string {
  return `${versions}:${tag}`;
}
