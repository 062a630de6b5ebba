import { LRUCache } from 'lru-cache';

/** How many askers have an account; of more, those that stored nothing for the longest time are forgotten. */
const MAX_ASKERS = 1_000;

interface Account {
  /** Sizes in bytes, the key that was stored first coming first. */
  readonly keys: Map<string, number>;
  bytes: number;
}

/**
 * Accounts of what each asker has had stored, so that the curiosity of one displaces nothing of the others: beyond its quota,
 * what it had stored first goes.
 */
export class Quotas {
  private readonly accounts = new LRUCache<string, Account>({ max: MAX_ASKERS });

  /** @param quota of each asker, in bytes */
  constructor(private readonly quota: number) {}

  /**
   * Charges an entry to an asker.
   *
   * @returns keys of entries that have to go for it
   */
  charge(asker: string, key: string, bytes: number): readonly string[] {
    const account = this.accounts.get(asker) ?? { keys: new Map<string, number>(), bytes: 0 };
    this.accounts.set(asker, account);
    account.bytes += bytes - (account.keys.get(key) ?? 0);
    // A map keeps the order in which its keys were added.
    account.keys.delete(key);
    account.keys.set(key, bytes);
    const displaced: string[] = [];
    for (const [oldest, size] of account.keys) {
      if (account.bytes <= this.quota) break;
      account.keys.delete(oldest);
      account.bytes -= size;
      displaced.push(oldest);
    }
    return displaced;
  }
}
