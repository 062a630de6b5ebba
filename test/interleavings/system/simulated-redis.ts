interface Touched {
  readonly tags: readonly string[];
  readonly creates: readonly string[];
}

interface SetOptions {
  readonly NX?: boolean;
  readonly GET?: boolean;
}

/**
 * A simulation of Redis that executes each command and script of the cache in one step. It shares no code with the scripts;
 * the contract of version stores checks that both behave alike.
 *
 * Nothing expires by itself. {@link passTime} ends leases and lets pending writes expire.
 */
export class SimulatedRedis {
  private values = new Map<string, string>();
  private readonly leases = new Set<string>();
  private pendingWrites = new Map<string, Touched & { readonly expiresAt: number; isOverdue?: boolean }>();
  private readonly marks = new Map<string, number>();

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
    [, , ...versionKeys]: readonly string[],
    write: { readonly id: string; readonly touched: string },
    lifetimes: { readonly write: number },
    fresh: readonly string[],
  ): string[] {
    this.pendingWrites.set(write.id, {
      ...(JSON.parse(write.touched) as Touched),
      expiresAt: this.now + lifetimes.write,
    });
    return versionKeys.map((key, i) => this.set(key, fresh[i] ?? '', { NX: true, GET: true }) ?? fresh[i] ?? '');
  }

  complete(
    [, , ...versionKeys]: readonly string[],
    _lifetime: number,
    writeIds: readonly string[],
    advanced: readonly string[],
    shown: { readonly prefix: string; readonly fresh: string; readonly tags: readonly string[] },
  ): boolean {
    const advances = versionKeys.map((key, i) => {
      const [tag = '', expected = '', next = '', random = '', refuses = ''] = advanced.slice(i * 5, i * 5 + 5);
      return { key, tag, expected, next, random, refuses: refuses === '1' };
    });
    if (advances.some(({ key, expected, refuses }) => refuses && this.get(key) !== expected)) return false;

    for (const { key, expected, next, random } of advances) {
      this.values.set(key, expected !== '' && this.get(key) === expected ? next : random);
    }
    for (const id of writeIds) this.pendingWrites.delete(id);

    const isRefreshed = ({ tag, refuses }: (typeof advances)[number]): boolean => refuses || shown.tags.includes(tag);
    const refreshed = new Set(advances.filter(isRefreshed).map(({ tag }) => tag));
    this.pendingWritesOn(shown.tags).forEach(([, { tags }], n) => {
      tags.forEach((tag, m) => {
        if (!refreshed.has(tag)) this.values.set(shown.prefix + tag, `${shown.fresh}:${n}:${m}`);
      });
    });
    return true;
  }

  pending([, , ...versionKeys]: readonly string[], _lifetime: number, tags: readonly string[]) {
    return {
      writeIds: this.pendingWritesOn(tags).map(([id]) => id),
      versions: versionKeys.map((key) => this.get(key) ?? ''),
    };
  }

  invalidateOverdue(
    _keys: readonly string[],
    _lifetime: number,
    prefix: string,
    fresh: string,
    writeIds: readonly string[],
  ): void {
    writeIds.forEach((id, n) => {
      const write = this.pendingWrites.get(id);
      if (!write || write.isOverdue) return;
      [...write.tags, ...write.creates].forEach((tag, m) => this.values.set(prefix + tag, `${fresh}:${n}:${m}`));
      this.pendingWrites.set(id, { ...write, isOverdue: true });
    });
  }

  expired(): string[] {
    return [...this.pendingWrites]
      .filter(([, { expiresAt }]) => expiresAt <= this.now)
      .flatMap(([id, { tags, creates }]) => [id, JSON.stringify({ tags, creates })]);
  }

  renewEpoch(key: string, seen: string, fresh: string): string {
    if ((this.get(key) ?? '') === seen) this.values.set(key, fresh);
    return this.get(key) ?? '';
  }

  checkIn([member]: readonly [string, string], endsAt: number): number {
    if (endsAt > this.now) this.marks.set(member, endsAt);
    return this.now;
  }

  exists(keys: readonly string[]): number {
    return keys.filter((key) => (this.marks.get(key) ?? -Infinity) > this.now).length;
  }

  info(): string {
    return `role:master\r\nrun_id:${this.failovers}\r\nmaster_replid:simulated\r\n`;
  }

  ping(): string {
    return 'PONG';
  }

  private pendingWritesOn(wanted: readonly string[]) {
    return [...this.pendingWrites].filter(
      ([, { tags, creates, isOverdue }]) => !isOverdue && [...tags, ...creates].some((tag) => wanted.includes(tag)),
    );
  }
}
