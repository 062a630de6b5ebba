import {
  EPOCH,
  Ledger,
  type Flip,
  type Intent,
  type ObservedVersions,
  type PendingWrites,
  type Tag,
  type Version,
} from './ledger.js';
import { freshVersion } from './version.js';
import { LRUCache } from 'lru-cache';

export interface MemoryLedgerOptions {
  /** How long a write may take before it counts as one with unknown outcome, in milliseconds. */
  readonly intentLifetime: number;
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number;
  /** How many versions are kept; the least recently used ones are lost first, which is safe. */
  readonly maxVersions?: number;
}

/** The ledger of a single process: right whenever no other process writes to the same database through the API. */
export class MemoryLedger extends Ledger {
  readonly available = true;
  private readonly versions: LRUCache<Tag, Version>;
  private readonly intents = new Map<string, Intent & { readonly deadline: number }>();
  private readonly now: () => number;

  constructor(private readonly options: MemoryLedgerOptions) {
    super();
    this.now = options.now ?? (() => performance.now());
    this.versions = new LRUCache({ max: options.maxVersions ?? 100_000 });
  }

  override observe(tags: readonly Tag[]): Promise<ObservedVersions> {
    return Promise.resolve(this.read([EPOCH, ...tags]));
  }

  override announce(intent: Intent, observeTags: readonly Tag[] = []): Promise<ObservedVersions> {
    this.intents.set(intent.id, { ...intent, deadline: this.now() + this.options.intentLifetime });
    return this.observe(observeTags);
  }

  override settle(intentIds: readonly string[], flips: readonly Flip[], shown: readonly Tag[] = []): Promise<boolean> {
    if (flips.some((flip) => flip.refreshed?.orRefuse === true && !this.isCurrent(flip))) return Promise.resolve(false);

    for (const flip of flips) {
      this.versions.set(flip.tag, flip.refreshed && this.isCurrent(flip) ? flip.refreshed.version : freshVersion());
    }
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

  private intentsOn(wanted: readonly Tag[]): Intent[] {
    return [...this.intents.values()].filter(({ tags, made = [] }) =>
      [...tags, ...made].some((tag) => wanted.includes(tag)),
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
