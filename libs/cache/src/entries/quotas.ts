import { LRUCache } from 'lru-cache';

/** Askers with an account. Beyond that, the one that has stored nothing for the longest time is forgotten. */
const MAX_ASKERS = 1_000;

/** How many quotas all accounts together may list. */
const MAX_QUOTAS = 16;

interface Account {
  /** Sizes in bytes by key, in the order in which the keys were stored. */
  readonly keys: Map<string, number>;
  bytes: number;
}

/**
 * Accounts of what was stored for each asker. Beyond its quota, an asker's oldest entries go, so that one asker with many
 * different keys does not displace the entries of others.
 */
export class Quotas {
  private readonly accounts: LRUCache<string, Account>;

  /** @param quota of each asker, in bytes */
  constructor(private readonly quota: number) {
    const maxSize = Math.ceil(MAX_QUOTAS * quota);
    this.accounts = new LRUCache({ max: MAX_ASKERS, maxSize, sizeCalculation: ({ bytes }) => Math.max(1, bytes) });
  }

  /**
   * Charges an entry to an asker.
   *
   * @returns keys of the asker's entries that must go
   */
  charge(asker: string, key: string, bytes: number): readonly string[] {
    const account = this.accounts.get(asker) ?? { keys: new Map<string, number>(), bytes: 0 };
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
    // The size of an account is taken when it is added.
    this.accounts.delete(asker);
    this.accounts.set(asker, account);
    return displaced;
  }
}
