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
 * How often a response is refreshed without being asked for. After a single refresh, writes would leave out many responses that somebody
 * asks for a moment later, perhaps another process, and that reader would wait for the load.
 */
const MAX_UNASKED = 3;

/**
 * Refresh-on-write: the responses that writes keep current. The application registers those that are asked for all day.
 *
 * A write refreshes what somebody has asked this process for since its last three refreshes, and only invalidates the rest. So an import
 * at night does not load the lists anew with each order.
 *
 * @publicApi
 */
@Injectable()
export class RefreshOnWrite {
  private readonly logger = new TroubleLogger(RefreshOnWrite.name);
  private readonly registered: (() => RefreshedResponse)[] = [];
  /** How often each key has been refreshed since somebody asked for it. */
  private unasked = new Map<string, number>();

  /** @param describe is called for each write, since key and tags may change with time. If it throws, its response is not refreshed. */
  register(describe: () => RefreshedResponse): void {
    this.registered.push(describe);
  }

  /** Somebody asks for the response with this key. */
  noteAsked(key: string): void {
    if (this.unasked.has(key)) this.unasked.set(key, 0);
  }

  /** The responses that depend on any of these tags and that somebody has asked for. A write of these tags refreshes them. */
  dependentOn(tags: readonly Tag[]): readonly RefreshedResponse[] {
    const current = this.registered.flatMap((describe) => this.described(describe));
    // A key that was not registered until now may have been asked for.
    this.unasked = new Map(current.map(({ key }) => [key, this.unaskedOf(key)]));
    return current.filter(
      (response) => this.unaskedOf(response.key) < MAX_UNASKED && response.tags.some((tag) => tags.includes(tag)),
    );
  }

  /** Like {@link dependentOn}, and notes that they are being refreshed. */
  takeDependentOn(tags: readonly Tag[]): readonly RefreshedResponse[] {
    const taken = this.dependentOn(tags);
    for (const { key } of taken) this.unasked.set(key, this.unaskedOf(key) + 1);
    return taken;
  }

  private unaskedOf(key: string): number {
    return this.unasked.get(key) ?? 0;
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
