import { randomUUID } from 'node:crypto';
import { StoreRefusedError } from '@mes/cache';
import { ServerClock } from '@mes/database';
import { Injectable } from '@nestjs/common';
import { PostgresNotifications } from './postgres-notifications.js';

/** How long a member may answer from the cache after a beat, as the others reckon; in milliseconds. */
export const LEASE = 5_000;

/** How long it does so itself: for what it has begun to answer, and for clocks that run at different speeds. */
const OWN_LEASE = 4_000;

/** Why a store is not trusted that others do not use. */
export const OTHER_STORE = 'the other instances use another Redis, or none: give all of them the same REDIS_URL';

interface BeatRow {
  /** The store that this member has claimed. */
  readonly claimed: string | null;
  readonly authority: string | null;
  readonly state: string;
  /** The beats of the other members, by their ids. */
  readonly others: Readonly<Record<string, string>> | null;
  /** The server's time, in milliseconds since 1970. */
  readonly now: number;
}

/** A member and its last beat that is known. */
export interface LastBeat {
  readonly id: string;
  readonly beat: string;
}

/** What a beat has shown. */
export interface Beat {
  readonly authority: string | null;
  /** Names the database and the state that it is in. */
  readonly state: string;
}

/**
 * The instances that run, as they stand in the database: each renews its row every second, and whether a row is still renewed
 * is judged by the clock of the instance that looks.
 */
@Injectable()
export class Members {
  /** Names this instance. */
  readonly id = randomUUID();
  private readonly others = new Map<string, { readonly beat: string; readonly since: number }>();
  private claim: { readonly store: string; readonly term: string } | undefined;
  private releases = false;
  private leaseEnd = -Infinity;
  private heardAt = -Infinity;
  private state = '';
  private lastAuthority: string | null = null;

  constructor(
    private readonly notifications: PostgresNotifications,
    private readonly clock: ServerClock,
  ) {}

  /** Until when this instance may answer from the cache by its last beat. */
  get leaseEndsAt(): number {
    return this.leaseEnd;
  }

  /** The store that all use, as this instance last heard. */
  get authority(): string | null {
    return this.lastAuthority;
  }

  /** The other members whose beats go on, as far as this instance knows. */
  get live(): readonly string[] {
    const now = performance.now();
    return [...this.others].filter(([, { since }]) => now - since < LEASE).map(([id]) => id);
  }

  /** The other members whose beats have stopped, each with its last beat. They may have died, or go on without the database. */
  get stopped(): readonly LastBeat[] {
    const live = this.live;
    return [...this.others].filter(([id]) => !live.includes(id)).map(([id, { beat }]) => ({ id, beat }));
  }

  /** The other members that lived when this instance last heard of them. */
  get lastLive(): readonly string[] {
    return [...this.others].filter(([, { since }]) => this.heardAt - since < LEASE).map(([id]) => id);
  }

  /**
   * Renews the row of this instance and looks at those of the others. Renews no lease: see {@link renewLease}.
   *
   * @param dead members to forget, unless a later beat has come: they do not use the cache until then
   */
  async beat(dead: readonly LastBeat[] = []): Promise<Beat> {
    const { releases } = this;
    this.releases = false;
    const sentAt = performance.now();
    const [row] = await this.notifications.query<BeatRow>(
      `WITH mine AS (
        INSERT INTO cache_members AS m (id) VALUES ($1)
        ON CONFLICT (id) DO UPDATE SET
          beat = m.beat + 1, seen_at = clock_timestamp(), store = CASE WHEN $2 THEN NULL ELSE m.store END
        RETURNING store
      ), forgotten AS (
        -- Two members that forget each other must not wait for each other.
        DELETE FROM cache_members WHERE id IN (
          SELECT id FROM cache_members
          WHERE (seen_at < clock_timestamp() - interval '1 day' OR id || '/' || beat = ANY ($3)) AND id <> $1
          FOR UPDATE SKIP LOCKED)
      )
      SELECT (SELECT store FROM mine) AS claimed, store AS authority, database_state() AS state,
        (SELECT json_object_agg(id, beat::text) FROM cache_members WHERE id <> $1) AS others,
        (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
      FROM cache_authority`,
      [this.id, releases, dead.map(rowOf)],
    );
    if (!row) throw new Error('the database does not say which store is the authority');
    this.clock.note(row.now, sentAt);
    this.learn(row.others ?? {});
    this.state = row.state;
    this.lastAuthority = row.authority;
    if (this.claim && (row.claimed !== this.claim.store || row.authority !== this.claim.store)) this.claim = undefined;
    return row;
  }

  /**
   * From now on, this instance has acted upon all that was notified before the beat.
   *
   * @param sentAt when the beat was sent
   */
  renewLease(sentAt: number): void {
    this.leaseEnd = sentAt + OWN_LEASE;
  }

  /**
   * Claims a store for this instance.
   *
   * @param seen what the epoch in the store was made for
   * @param isGone whether no member can take this instance for a user of another store
   * @returns what the epoch has to be made for
   * @throws {StoreRefusedError}
   */
  async claimStore(store: string, seen: string, isGone: boolean): Promise<string> {
    if (this.claim?.store === store && seen === this.label(this.claim.term)) return seen;
    const stopped = isGone ? this.stopped.map(rowOf) : [];
    this.claim = undefined;
    this.releases = false;
    const [row] = await this.notifications.query<{ term: string | null }>(
      'SELECT claim_cache_store($1, $2, $3) AS term',
      [this.id, store, stopped],
    );
    const term = row?.term ?? null;
    if (term === null) throw new StoreRefusedError(OTHER_STORE);
    this.claim = { store, term };
    this.lastAuthority = store;
    return this.label(term);
  }

  hasClaimed(store: string): boolean {
    return this.claim?.store === store;
  }

  /** This instance does not use its store any more, so that others may claim another one. */
  releaseStore(): void {
    if (!this.claim) return;
    this.claim = undefined;
    this.releases = true;
  }

  /** Notifies all members, and learns which there are. Resolves with the store that all use. */
  async tell(channel: string, messages: readonly string[]): Promise<string | null> {
    const [row] = await this.notifications.query<Pick<BeatRow, 'authority' | 'others'>>(
      `SELECT count(pg_notify($1, message)) AS told, (SELECT store FROM cache_authority) AS authority,
        (SELECT json_object_agg(id, beat::text) FROM cache_members WHERE id <> $3) AS others
       FROM unnest($2::text[]) AS message`,
      [channel, messages, this.id],
    );
    this.learn(row?.others ?? {});
    this.lastAuthority = row?.authority ?? null;
    return this.lastAuthority;
  }

  /** Nobody has to wait for this instance any more. */
  async leave(): Promise<void> {
    await this.notifications.query('DELETE FROM cache_members WHERE id = $1', [this.id]);
  }

  private label(term: string): string {
    return `${term}:${this.state}`;
  }

  private learn(beats: Readonly<Record<string, string>>): void {
    const now = performance.now();
    this.heardAt = now;
    for (const id of this.others.keys()) if (!(id in beats)) this.others.delete(id);
    for (const [id, beat] of Object.entries(beats)) {
      if (this.others.get(id)?.beat !== beat) this.others.set(id, { beat, since: now });
    }
  }
}

/** A row as SQL compares it. */
function rowOf({ id, beat }: LastBeat): string {
  return `${id}/${beat}`;
}
