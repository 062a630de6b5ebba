import { Injectable } from '@nestjs/common';

/** Why tags were invalidated. */
export type InvalidationCause =
  /** A write was completed. */
  | 'write'
  /** Somebody called `invalidate`, or a write ended without anybody knowing how. */
  | 'request'
  /** A writer did not complete its write in time. */
  | 'expired-write';

/** Something that the cache of this process did. */
export type CacheEvent =
  /** A read was answered from the cache: from this process (`l1`) or from the shared entries (`l2`). */
  | { readonly type: 'hit'; readonly level: 'l1' | 'l2' }
  /** A read had to wait for the source; `collapsed` if it shared the load of another read. */
  | { readonly type: 'miss'; readonly collapsed: boolean }
  /** A read went to the source because no versions could be read; `detail` says why. */
  | { readonly type: 'bypass'; readonly detail: string }
  /** The source was asked. */
  | { readonly type: 'load' }
  /** The version store was asked for a snapshot, on behalf of one or many reads. */
  | { readonly type: 'snapshot' }
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
  /** A write was made known to the other instances by the backplane. */
  | { readonly type: 'relayed-write' };

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

  subscribe(listener: CacheEventListener): void {
    this.listeners.push(listener);
  }

  emit(event: CacheEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}
