import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { ADMIT_ALL, type Admission } from './admission.js';
import {
  EPOCH,
  Ledger,
  LedgerUnavailableError,
  type Flip,
  type Intent,
  type ObservedVersions,
  type PendingWrites,
  type Tag,
  type Version,
} from './ledger.js';
import { UnconfirmedInvalidations } from './unconfirmed-invalidations.js';
import { freshVersion } from './version.js';

/** How soon a store that was refused asks to be admitted again, in milliseconds. */
const ADMISSION_INTERVAL = 1_000;

export interface MemoryLedgerOptions {
  /** How long a write may take before it counts as one with unknown outcome, in milliseconds. */
  readonly intentLifetime: number;
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number;
  /** How many versions are kept; the least recently used ones are lost first, which is safe. */
  readonly maxVersions?: number;
}

/** A write under way. */
interface PendingWrite extends Intent {
  readonly deadline: number;
  isOvertaken: boolean;
}

/** The ledger of a single process. Other instances on the same database are not admitted beside it. */
export class MemoryLedger extends Ledger {
  private readonly name = `memory:${randomUUID()}`;
  private readonly versions: LRUCache<Tag, Version>;
  private readonly intents = new Map<string, PendingWrite>();
  private readonly unconfirmed = new UnconfirmedInvalidations();
  private readonly now: () => number;
  private admission: Admission = ADMIT_ALL;
  private madeFor = '';
  private isTrusted = true;
  private isClosed = false;
  private attempt: Promise<void> | undefined;

  constructor(private readonly options: MemoryLedgerOptions) {
    super();
    this.now = options.now ?? (() => performance.now());
    this.versions = new LRUCache({ max: options.maxVersions ?? 100_000 });
  }

  override get available(): boolean {
    return this.isTrusted;
  }

  override get store(): string | undefined {
    return this.isTrusted ? this.name : undefined;
  }

  override async open(admission: Admission = ADMIT_ALL): Promise<void> {
    await this.attempt;
    this.admission = admission;
    this.readmit('it begins');
    await this.attempt;
  }

  override close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  override readmit(_why: string): void {
    this.isTrusted = false;
    this.attempt ??= this.tryOnce().then((isAdmitted) => {
      this.attempt = undefined;
      if (!isAdmitted) void this.tryAgain();
    });
  }

  override owe(tags: readonly Tag[]): void {
    this.unconfirmed.add(tags);
    if (this.isTrusted) this.readmit('an invalidation is unconfirmed');
  }

  private async tryAgain(): Promise<void> {
    await delay(ADMISSION_INTERVAL, undefined, { ref: false });
    if (!this.isClosed && !this.isTrusted) this.readmit('it was refused');
  }

  private async tryOnce(): Promise<boolean> {
    let label: string;
    try {
      label = await this.admission.admit(this.name, this.madeFor);
    } catch {
      // Refused: nothing is stored meanwhile, and the backplane says why.
      return false;
    }
    if (label !== this.madeFor) this.unconfirmed.add([EPOCH]);
    this.madeFor = label;
    const owed = this.unconfirmed.list();
    this.flip(owed.map((tag) => ({ tag })));
    this.unconfirmed.confirm(owed);
    this.isTrusted = true;
    return true;
  }

  override observe(tags: readonly Tag[]): Promise<ObservedVersions> {
    if (!this.isTrusted) return Promise.reject(new LedgerUnavailableError('ledger-refused'));
    const known = tags.filter((tag) => this.versions.has(tag));
    return Promise.resolve(this.read([EPOCH, ...known]));
  }

  override provide(tags: readonly Tag[]): Promise<ObservedVersions> {
    return Promise.resolve(this.read([EPOCH, ...tags]));
  }

  override checkIn(): Promise<void> {
    return Promise.resolve();
  }

  /** Nobody else can be here. */
  override areIn(members: readonly string[]): Promise<boolean> {
    return Promise.resolve(members.length === 0);
  }

  override announce(intent: Intent, observeTags: readonly Tag[] = []): Promise<ObservedVersions> {
    this.intents.set(intent.id, { ...intent, deadline: this.now() + this.options.intentLifetime, isOvertaken: false });
    return this.provide(observeTags);
  }

  override settle(intentIds: readonly string[], flips: readonly Flip[], shown: readonly Tag[] = []): Promise<boolean> {
    if (flips.some((flip) => flip.refreshed?.orRefuse === true && !this.isCurrent(flip))) return Promise.resolve(false);

    this.flip(flips);
    for (const id of intentIds) this.intents.delete(id);

    const isNew = ({ tag, refreshed }: Flip): boolean => refreshed?.orRefuse === true || shown.includes(tag);
    const madeAnew = new Set(flips.filter(isNew).map(({ tag }) => tag));
    for (const { tags } of this.intentsOn(shown)) {
      for (const tag of tags) if (!madeAnew.has(tag)) this.versions.set(tag, freshVersion());
    }
    return Promise.resolve(true);
  }

  override pending(tags: readonly Tag[]): Promise<PendingWrites> {
    return Promise.resolve({
      intentIds: this.intentsOn(tags).map(({ id }) => id),
      observed: this.read([EPOCH, ...tags]),
    });
  }

  override overtake(tags: readonly Tag[]): Promise<void> {
    for (const intent of this.intentsOn(tags)) {
      this.flip(intent.tags.map((tag) => ({ tag })));
      intent.isOvertaken = true;
    }
    return Promise.resolve();
  }

  private flip(flips: readonly Flip[]): void {
    for (const flip of flips) {
      this.versions.set(flip.tag, flip.refreshed && this.isCurrent(flip) ? flip.refreshed.version : freshVersion());
    }
  }

  private intentsOn(wanted: readonly Tag[]): PendingWrite[] {
    return [...this.intents.values()].filter(
      ({ tags, made = [], isOvertaken }) => !isOvertaken && [...tags, ...made].some((tag) => wanted.includes(tag)),
    );
  }

  private isCurrent({ tag, refreshed }: Flip): boolean {
    return this.versions.get(tag) === refreshed?.observed;
  }

  override async sweep(): Promise<readonly Tag[]> {
    const now = this.now();
    const overdue = [...this.intents].filter(([, { deadline }]) => deadline <= now);
    const tags = [...new Set(overdue.flatMap(([, intent]) => intent.tags))];
    await this.evict(tags);
    for (const [id] of overdue) this.intents.delete(id);
    return tags;
  }

  private read(tags: readonly Tag[]): ObservedVersions {
    const observed = new Map<Tag, Version>();
    for (const tag of tags) {
      const version = this.versions.get(tag) ?? freshVersion();
      this.versions.set(tag, version);
      observed.set(tag, version);
    }
    return observed;
  }
}
