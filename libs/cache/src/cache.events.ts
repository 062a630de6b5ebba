import { Injectable } from '@nestjs/common';

/** Why tags were invalidated. */
export type InvalidationCause =
  /** A write was completed. */
  | 'write'
  /** Somebody called `invalidate`, or a write ended without anybody knowing how. */
  | 'request'
  /** A writer did not complete its write in time. */
  | 'expired-write';

/** How the inspection of a hit ended. */
export type InspectionResult =
  /** The response is what the source has. */
  | 'match'
  /** The response is older than a write that was completed: the cache has broken its promise. */
  | 'mismatch'
  /** A write came between, so nothing can be said. */
  | 'superseded'
  /** The source or the version store could not be asked. */
  | 'failed';

/** Why everything that is stored was invalidated before the version store was trusted. */
export type EpochRenewalCause =
  /** The store had no epoch: it is new, or it has lost its data. */
  | 'no-epoch'
  /** The epoch was made for another store, or for another state of the source. */
  | 'other-store'
  /** So many invalidations are unconfirmed that the epoch stands for all of them. */
  | 'unconfirmed';

/** What this process asked Redis for. */
export type RedisOperation =
  | 'snapshot'
  | 'ensure-versions'
  | 'begin'
  | 'complete'
  | 'pending'
  | 'invalidate-overdue'
  | 'sweep'
  | 'lease'
  | 'member'
  | 'read-entry'
  | 'store-entry'
  | 'remove-entry'
  | 'other';

/** Something that the cache of this process did. Times are in milliseconds. */
export type CacheEvent =
  /** A read was answered from the cache: from this process (`l1`) or from the shared entries (`l2`). */
  | { readonly type: 'hit'; readonly level: 'l1' | 'l2' }
  /** A read had to wait for the source; `collapsed` if it shared the load of another read. */
  | { readonly type: 'miss'; readonly collapsed: boolean }
  /** A read went to the source because no versions could be read; `detail` says why. */
  | { readonly type: 'bypass'; readonly detail: string }
  /** The source was asked. */
  | { readonly type: 'load' }
  /** The version store was asked for a snapshot on behalf of so many reads, and gave it after so long, unless it failed. */
  | { readonly type: 'snapshot'; readonly reads: number; readonly milliseconds: number; readonly failed: boolean }
  /** An entry was stored. `written` if a write stored it, before anybody asked. */
  | { readonly type: 'store'; readonly written: boolean }
  /** An entry could not be read, stored or removed. */
  | { readonly type: 'store-failure' }
  /** Everything that depends on these tags is invalid. */
  | { readonly type: 'invalidation'; readonly tags: readonly string[]; readonly cause: InvalidationCause }
  /** A write loaded what is refreshed on write. */
  | { readonly type: 'refresh' }
  /** A write began that the version store was not told of. */
  | { readonly type: 'unannounced-write' }
  /** The backplane was to make a write known to the other instances. The write waited so long for that. */
  | { readonly type: 'relayed-write'; readonly milliseconds: number; readonly failed: boolean }
  /** A hit was compared with the source; `age` is the time since the response was loaded. */
  | { readonly type: 'inspection'; readonly result: InspectionResult; readonly age: number }
  /** Invalidations of these tags may have been lost. They are made up for before the store is trusted again. */
  | { readonly type: 'unconfirmed-invalidation'; readonly tags: readonly string[] }
  /** A new epoch was begun, which invalidates everything. */
  | { readonly type: 'epoch-renewal'; readonly cause: EpochRenewalCause }
  /** Redis was asked for something. `failed` if it refused or gave no answer in time. */
  | {
      readonly type: 'operation';
      readonly name: RedisOperation;
      readonly milliseconds: number;
      readonly failed: boolean;
    };

export type CacheEventListener = (event: CacheEvent) => void;

/**
 * The events of the cache of this process, for an application's metrics and logs. Listeners run within reads and writes: they
 * must be quick and must not throw.
 *
 * @publicApi
 */
@Injectable()
export class CacheEvents {
  private readonly listeners: CacheEventListener[] = [];

  /** Tells the listener of everything from now on, within the operation: it must be quick and must not throw. */
  subscribe(listener: CacheEventListener): void {
    this.listeners.push(listener);
  }

  /** Tells all listeners. The library calls this; an application has no need to. */
  emit(event: CacheEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}
