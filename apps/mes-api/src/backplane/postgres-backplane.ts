import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Backplane,
  EPOCH,
  InvalidationNotRelayedError,
  VersionStore,
  VersionStoreUnavailableError,
  StoreRefusedError,
  type Tag,
} from '@mes/cache';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import {
  CHANGE_NOTIFIED,
  DATABASE_REPLACED,
  EVICTIONS_CHANNEL,
  NotListeningError,
  PostgresNotifications,
} from './postgres-notifications.js';
import { LEASE, Members, OTHER_STORE, type Beat, type LastBeat } from './members.js';
import { messagesOf, type Eviction } from './messages.js';

/** Why a store is not trusted without the database. */
const DATABASE_AWAY = 'PostgreSQL does not tell which Redis the other instances use: look at the connection to it';

interface Echo {
  readonly question: string;
  readonly member: string;
  /** The store in which the answering instance has invalidated the tags; null if it trusts none. */
  readonly store: string | null;
  /** Whether it knows all that was notified before the question. */
  readonly isUpToDate: boolean;
}

/** A question to the other members that has not been answered by all of them. */
interface Question {
  /** Whether this instance asks because it joins: who has listened all the time? */
  readonly joins: boolean;
  readonly echoes: Map<string, Echo>;
  onEcho: () => void;
}

/** A silent member that was missing from the store at every look. */
interface Missing extends LastBeat {
  readonly since: number;
}

const ECHOES_CHANNEL = 'mes_echoes';

/** How often this instance renews its presence key, and without the database looks for those of the others; in milliseconds. */
const TICK = 1_000;

/** How long a presence key lasts after it was renewed, in milliseconds. */
const PRESENCE_KEY_LIFETIME = 4_000;

/** For how long it is believed that all other members are there, in milliseconds: longer than the loop may be late. */
const PRESENCE_LIFETIME = 2_000;

/** How long a write may wait for the other members, in milliseconds; leases and presence keys end before that. */
const RELAY_TIMEOUT = 15_000;

/** How long a member that listens again waits for others to say that they have listened meanwhile, in milliseconds. */
const VOUCH_TIMEOUT = 1_500;

/**
 * Connects the instances by PostgreSQL's LISTEN and NOTIFY, where the versions cannot: when the writing instance does not reach
 * Redis, and when somebody writes behind the API's back, which triggers notify of. The steps are those of the model in
 * `libs/cache/model/members.ts`.
 */
@Injectable()
export class PostgresBackplane extends Backplane implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(PostgresBackplane.name);
  private readonly questions = new Map<string, Question>();
  /** Whether all that was notified since this instance began to answer from the cache has been acted upon. */
  private isUpToDate = false;
  private state: string | undefined;
  /** Until when all members are believed to be present in the store. */
  private presenceEnd = -Infinity;
  /** Without a lease, this instance has missed a member in its store: itself or another one. */
  private hasMissedOne = false;
  private missing: { readonly store: string | undefined; readonly members: readonly Missing[] } = {
    store: undefined,
    members: [],
  };
  /** Members to forget: they do not use the cache until their next heartbeat. */
  private dead: readonly LastBeat[] = [];
  /** When the presence keys of this instance have expired for sure, in all stores. */
  private presenceKeyEnd = -Infinity;
  private isTicking = false;
  private hasLeft = false;
  private timer: NodeJS.Timeout | undefined;
  private hearing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly versions: VersionStore,
    private readonly members: Members,
    private readonly notifications: PostgresNotifications,
    private readonly events: EventEmitter2,
  ) {
    super();
    notifications.listen(ECHOES_CHANNEL, (payload) => {
      const echo = JSON.parse(payload) as Echo;
      this.noteEcho(this.questions.get(echo.question), echo);
    });
    notifications.listen(EVICTIONS_CHANNEL, (payload) => this.hearInOrder(JSON.parse(payload) as Eviction));
    notifications.onConnected(() => this.join());
    notifications.onBeat(() => this.beat());
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.tick(), TICK);
    this.timer.unref();
  }

  /** Before the connection ends that the others would be told over; nothing is answered from the cache after that. */
  async beforeApplicationShutdown(): Promise<void> {
    this.hasLeft = true;
    clearInterval(this.timer);
    try {
      await this.members.leave();
    } catch {
      // The others find out by themselves.
    }
  }

  override get mayAnswer(): boolean {
    if (this.hasLeft || this.notifications.isDivided) return false;
    return performance.now() < Math.max(this.members.leaseEndsAt, this.presenceEnd);
  }

  override get isMember(): boolean {
    return this.isUpToDate && this.notifications.isConnected && performance.now() < this.members.leaseEndsAt;
  }

  override async admit(store: string, seen: string): Promise<string> {
    try {
      return await this.members.claimStore(store, seen, this.isGone);
    } catch (error) {
      if (error instanceof NotListeningError) throw new StoreRefusedError(DATABASE_AWAY, { cause: error });
      throw error;
    }
  }

  override async relay(tags: readonly Tag[]): Promise<void> {
    if (!this.isMember) throw new InvalidationNotRelayedError('this instance would not hear the echoes of the others');
    const { id, question } = this.newQuestion();
    try {
      const authority = await this.ask(id, tags);
      const told = performance.now();
      while (!this.isAnswered(question, authority, told)) {
        if (performance.now() >= told + RELAY_TIMEOUT) throw new Error('the leases of the others have no end');
        await this.nextEcho(question, told);
      }
    } catch (error) {
      throw new InvalidationNotRelayedError('the other instances could not be told of a write', { cause: error });
    } finally {
      this.questions.delete(id);
    }
  }

  /** No other member can take this instance for one that writes to a store. */
  private get isGone(): boolean {
    return performance.now() >= this.presenceKeyEnd + PRESENCE_LIFETIME;
  }

  private newQuestion(joins = false): { readonly id: string; readonly question: Question } {
    const id = randomUUID();
    const question: Question = { joins, echoes: new Map(), onEcho: () => undefined };
    this.questions.set(id, question);
    return { id, question };
  }

  private noteEcho(question: Question | undefined, echo: Echo): void {
    question?.echoes.set(echo.member, echo);
    question?.onEcho();
  }

  /** A member that joins has missed notifications, and perhaps the question of this instance: it cannot vouch for anybody. */
  private noteThatJoins(member: string): void {
    for (const [id, question] of this.questions) {
      if (question.joins) this.noteEcho(question, { question: id, member, store: null, isUpToDate: false });
    }
  }

  /** Tells the others. Resolves with the store that all use. */
  private ask(question: string, tags: readonly Tag[]): Promise<string | null> {
    return this.members.tell(EVICTIONS_CHANNEL, messagesOf(tags, { question, origin: this.members.id }));
  }

  /** Whether no other instance can show anything older than what the question told of. */
  private isAnswered({ echoes }: Question, authority: string | null, told: number): boolean {
    const { authority: latest } = this.members;
    const isUsedByAll = (store: string | null = null): boolean =>
      store !== null && (store === authority || store === latest);
    if ([...echoes.values()].some(({ store }) => isUsedByAll(store))) return true;
    // This instance has made up for what it owed, in the store that all use by now.
    if (this.versions.store !== undefined && this.versions.store === latest) return true;
    const isLeaseOver = performance.now() >= told + LEASE;
    const silent = this.members.live.filter((id) => !echoes.has(id));
    if (silent.length > 0 && !isLeaseOver) return false;
    // Those go on without the database as long as they see the presence key of every other member in their store.
    return this.isGone || (silent.length === 0 && this.members.stopped.length === 0);
  }

  private async nextEcho(question: Question, told: number): Promise<void> {
    const now = performance.now();
    const ends = [told + LEASE, this.presenceKeyEnd + PRESENCE_LIFETIME].filter((end) => end > now);
    await Promise.race([
      new Promise<void>((resolve) => (question.onEcho = resolve)),
      delay(Math.max(1, Math.min(...ends, now + TICK) - now), undefined, { ref: false }),
    ]);
  }

  /** Begins to listen, again: what was notified meanwhile is not known here. */
  private async join(): Promise<void> {
    if (this.hasLeft) return;
    this.isUpToDate = false;
    const sentAt = performance.now();
    const beat = await this.members.beat();
    // What this instance has loaded meanwhile may come from another server.
    const { isDivided } = this.notifications;
    if (isDivided || !(await this.isVouchedFor(beat.authority))) this.versions.markUnconfirmed([EPOCH]);
    this.isUpToDate = true;
    this.goOn(beat, sentAt);
  }

  /** Whether another member has listened all the time, and has invalidated in the store that all use what was notified. */
  private async isVouchedFor(authority: string | null): Promise<boolean> {
    if (authority === null || this.members.live.length === 0) return false;
    const { id, question } = this.newQuestion(true);
    const asked = performance.now();
    try {
      await this.ask(id, []);
      for (;;) {
        const echoes = [...question.echoes.values()];
        if (echoes.some(({ store, isUpToDate }) => isUpToDate && store === authority)) return true;
        const left = asked + VOUCH_TIMEOUT - performance.now();
        if (left <= 0 || this.members.live.every((member) => question.echoes.has(member))) return false;
        await Promise.race([
          new Promise<void>((resolve) => (question.onEcho = resolve)),
          delay(left, undefined, { ref: false }),
        ]);
      }
    } finally {
      this.questions.delete(id);
    }
  }

  private async beat(): Promise<void> {
    if (this.hasLeft) return;
    const sentAt = performance.now();
    if (!this.versions.available) this.members.releaseStore();
    const beat = await this.members.beat(this.versions.available ? this.dead : []);
    // What was notified before the answer has been heard by now.
    await this.notifications.settled();
    this.goOn(beat, sentAt);
  }

  private goOn({ state }: Beat, sentAt: number): void {
    const { store } = this.versions;
    if (store !== undefined && !this.members.hasClaimed(store)) this.versions.revalidate(OTHER_STORE);
    this.members.renewLease(sentAt);
    this.hasMissedOne = false;
    const before = this.state;
    this.state = state;
    if (before === undefined || (before === state && !this.notifications.isDivided)) return;
    // What was loaded from the database in another state is not valid.
    this.logger.warn('the database was restarted, restored or replaced: what is cached is loaded anew');
    this.events.emit(DATABASE_REPLACED);
    this.versions.revalidate('the database is in another state');
  }

  private async tick(): Promise<void> {
    if (this.isTicking) return;
    this.isTicking = true;
    try {
      if (this.versions.available) {
        const now = performance.now();
        this.presenceKeyEnd = now + PRESENCE_KEY_LIFETIME;
        // Once its presence key has expired, others may have forgotten an instance without a lease, so it does not return by itself.
        const left = await this.versions.checkIn(
          this.members.id,
          PRESENCE_KEY_LIFETIME,
          now < this.members.leaseEndsAt,
        );
        await this.lookForOthers(now + left);
        await this.lookForTheSilent();
      }
    } catch (error) {
      if (!(error instanceof VersionStoreUnavailableError)) throw error;
    } finally {
      this.isTicking = false;
    }
  }

  /**
   * Without the database: whoever is present in the store writes through it. After this instance has missed a member, it waits
   * for its next lease: the others may have gone to another store and come back without it.
   *
   * @param ownEnd until when this instance is present itself
   */
  private async lookForOthers(ownEnd: number): Promise<void> {
    const now = performance.now();
    // In time, so that nobody notices when the lease ends.
    if (this.hasMissedOne || now + PRESENCE_LIFETIME < this.members.leaseEndsAt) return;
    if (now < ownEnd && (await this.versions.arePresent(this.members.lastLive))) {
      this.presenceEnd = Math.min(now + PRESENCE_LIFETIME, ownEnd);
    } else {
      this.hasMissedOne = performance.now() >= this.members.leaseEndsAt;
    }
  }

  /**
   * A silent member may go on without the database, so writers and claims wait for it. A member that was missing from the store for
   * the lifetime of a presence key has stopped, and is forgotten.
   */
  private async lookForTheSilent(): Promise<void> {
    const { store } = this.versions;
    const now = performance.now();
    const before = this.missing.store === store ? this.missing.members : [];
    const missing: Missing[] = [];
    for (const { id, beat } of this.members.stopped) {
      if (await this.versions.arePresent([id])) continue;
      const known = before.find((one) => one.id === id && one.beat === beat);
      missing.push(known ?? { id, beat, since: performance.now() });
    }
    this.missing = { store: this.versions.store === store ? store : undefined, members: missing };
    this.dead = missing.filter(({ since }) => since + PRESENCE_KEY_LIFETIME <= now);
  }

  private hearInOrder(eviction: Eviction): Promise<void> {
    const heard = this.hearing.then(() => this.hear(eviction));
    this.hearing = heard.catch(() => undefined);
    return heard;
  }

  private async hear({ tags, origin, question, isLast }: Eviction): Promise<void> {
    if (origin === this.members.id) return;
    if (origin === undefined) this.events.emit(CHANGE_NOTIFIED);
    try {
      if (tags.length > 0) await this.versions.invalidate(tags);
    } catch (error) {
      // The versions makes up for it before it is trusted again.
      if (!(error instanceof VersionStoreUnavailableError)) throw error;
    }
    if (question === undefined || isLast !== true) return;
    if (tags.length === 0 && origin !== undefined) this.noteThatJoins(origin);
    const { store = null } = this.versions;
    const echo: Echo = { question, member: this.members.id, store, isUpToDate: this.isUpToDate };
    await this.notifications.notify(ECHOES_CHANNEL, JSON.stringify(echo));
  }
}
