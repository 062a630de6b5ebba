import { Injectable } from '@nestjs/common';
import { TroubleLogger } from '../flow/reminder.js';
import { assertWellFormed, type Tag } from '../versions/version-store.js';

/** A response that writes load anew when they invalidate it, before anybody asks again. */
export interface RefreshedResponse {
  readonly key: string;
  readonly tags: readonly Tag[];
  /**
   * Gives the value that is stored as JSON. It must read the source, not the cache: the write that refreshes it has not invalidated
   * anything yet.
   */
  readonly load: () => Promise<unknown>;
  /** An aggregate: single writes cannot be recognised in it. */
  readonly isAggregate?: boolean | undefined;
}

/**
 * Refresh-on-write: the responses that writes keep current. The application registers those that are asked for all day.
 *
 * A write refreshes what somebody has asked this process for since the last refresh, and only invalidates the rest. So nothing is
 * loaded more often than it is read, however many orders an import creates at night.
 *
 * @publicApi
 */
@Injectable()
export class RefreshOnWrite {
  private readonly logger = new TroubleLogger(RefreshOnWrite.name);
  private readonly registered: (() => RefreshedResponse)[] = [];
  /** Whether somebody has asked for each key since its last refresh. */
  private asked = new Map<string, boolean>();

  /** @param describe is called for each write, since key and tags may change with time. If it throws, its response is not refreshed. */
  register(describe: () => RefreshedResponse): void {
    this.registered.push(describe);
  }

  /** Somebody asks for the response with this key. */
  noteAsked(key: string): void {
    if (this.asked.has(key)) this.asked.set(key, true);
  }

  /** The responses that depend on any of these tags and that somebody has asked for. A write of these tags refreshes them. */
  dependentOn(tags: readonly Tag[]): readonly RefreshedResponse[] {
    const current = this.registered.flatMap((describe) => this.described(describe));
    // A key that was not registered until now may have been asked for.
    this.asked = new Map(current.map(({ key }) => [key, this.asked.get(key) ?? true]));
    return current.filter(
      (response) => this.asked.get(response.key) && response.tags.some((tag) => tags.includes(tag)),
    );
  }

  /** Like {@link dependentOn}, and notes that they are being refreshed. */
  takeDependentOn(tags: readonly Tag[]): readonly RefreshedResponse[] {
    const taken = this.dependentOn(tags);
    for (const { key } of taken) this.asked.set(key, false);
    return taken;
  }

  /** The write is committed already: an error must not hide that from its caller. */
  private described(describe: () => RefreshedResponse): RefreshedResponse[] {
    try {
      const response = describe();
      assertWellFormed([response.key, ...response.tags]);
      return [response];
    } catch (error) {
      this.logger.trouble(`cannot describe what is refreshed on write: ${String(error)}`);
      return [];
    }
  }
}
