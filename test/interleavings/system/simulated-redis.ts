interface Touched {
  readonly tags: readonly string[];
  readonly made: readonly string[];
}

interface SetOptions {
  readonly NX?: boolean;
  readonly GET?: boolean;
}

/**
 * What Redis does with the commands and the scripts of the cache, each in one step. It shares no code with the scripts, and
 * must do what they do: the contract of ledgers says so for both.
 *
 * Nothing expires by itself, but for leases, which {@link passTime} ends.
 */
export class SimulatedRedis {
  private values = new Map<string, string>();
  private readonly leases = new Set<string>();
  private pendingWrites = new Map<string, Touched & { readonly deadline: number; isOverdue?: boolean }>();

  private readonly signs = new Map<string, number>();

  now = 0;

  /** How often another server has taken the place of the one before. */
  failovers = 0;

  /**
   * A replica stops following.
   *
   * @returns has it take the place of its master, as it is
   */
  leaveReplicaBehind(): () => void {
    const values = new Map(this.values);
    const pendingWrites = new Map([...this.pendingWrites].map(([id, pendingWrite]) => [id, { ...pendingWrite }]));
    return () => {
      this.values = values;
      this.pendingWrites = pendingWrites;
      this.failovers += 1;
    };
  }

  /** Lets all deadlines pass, and all leases end. */
  passTime(milliseconds: number): void {
    this.now += milliseconds;
    for (const lease of this.leases) this.values.delete(lease);
    this.leases.clear();
  }

  /** How many writes are under way by what is noted here. */
  get intentCount(): number {
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
    pendingWrite: { readonly id: string; readonly touched: string },
    lifetimes: { readonly pendingWrite: number },
    fresh: readonly string[],
  ): string[] {
    this.pendingWrites.set(pendingWrite.id, {
      ...(JSON.parse(pendingWrite.touched) as Touched),
      deadline: this.now + lifetimes.pendingWrite,
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
      const [tag = '', observed = '', version = '', random = '', orRefuse = ''] = advanced.slice(i * 5, i * 5 + 5);
      return { key, tag, observed, version, random, orRefuse: orRefuse === '1' };
    });
    if (advances.some(({ key, observed, orRefuse }) => orRefuse && this.get(key) !== observed)) return false;

    for (const { key, observed, version, random } of advances) {
      this.values.set(key, observed !== '' && this.get(key) === observed ? version : random);
    }
    for (const id of writeIds) this.pendingWrites.delete(id);

    const isNew = ({ tag, orRefuse }: (typeof advances)[number]): boolean => orRefuse || shown.tags.includes(tag);
    const stays = new Set(advances.filter(isNew).map(({ tag }) => tag));
    this.pendingWritesOn(shown.tags).forEach(([, { tags }], n) => {
      tags.forEach((tag, m) => {
        if (!stays.has(tag)) this.values.set(shown.prefix + tag, `${shown.fresh}:${n}:${m}`);
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
    wanted: readonly string[],
  ): void {
    this.pendingWritesOn(wanted).forEach(([id, pendingWrite], n) => {
      pendingWrite.tags.forEach((tag, m) => this.values.set(prefix + tag, `${fresh}:${n}:${m}`));
      this.pendingWrites.set(id, { ...pendingWrite, isOverdue: true });
    });
  }

  expired(): string[] {
    return [...this.pendingWrites]
      .filter(([, { deadline }]) => deadline <= this.now)
      .flatMap(([id, { tags, made }]) => [id, JSON.stringify({ tags, made })]);
  }

  renewEpoch(key: string, seen: string, fresh: string): string {
    if ((this.get(key) ?? '') === seen) this.values.set(key, fresh);
    return this.get(key) ?? '';
  }

  checkIn([member]: readonly [string, string], endsAt: number): number {
    if (endsAt > this.now) this.signs.set(member, endsAt);
    return this.now;
  }

  exists(keys: readonly string[]): number {
    return keys.filter((key) => (this.signs.get(key) ?? -Infinity) > this.now).length;
  }

  info(): string {
    return `role:master\r\nrun_id:${this.failovers}\r\nmaster_replid:simulated\r\n`;
  }

  ping(): string {
    return 'PONG';
  }

  private pendingWritesOn(wanted: readonly string[]) {
    return [...this.pendingWrites].filter(
      ([, { tags, made, isOverdue }]) => !isOverdue && [...tags, ...made].some((tag) => wanted.includes(tag)),
    );
  }
}
