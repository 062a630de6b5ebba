import { Injectable } from '@nestjs/common';
import type { Tag } from '../versions/version-store.js';

/** A response that writes load anew when they invalidate it, before anybody asks again. */
export interface RefreshedResponse {
  readonly key: string;
  readonly tags: readonly Tag[];
  /** Gives the value that is stored as JSON. */
  readonly load: () => Promise<unknown>;
  /** An aggregate: single writes cannot be recognised in it. */
  readonly isAggregate?: boolean;
}

/** After so many refreshes in a row that nobody asked for, a response is no longer refreshed. */
const MAX_UNASKED = 10;

/**
 * Refresh-on-write: the responses that writes keep current. The application registers those that are asked for all day.
 *
 * While nobody asks this process for a response, writes only invalidate it, so that an import at night does not load it a
 * thousand times. It is refreshed again after the next read.
 *
 * @publicApi
 */
@Injectable()
export class RefreshOnWrite {
  private readonly registered: (() => RefreshedResponse)[] = [];
  /** Refreshes of each key since somebody last asked for it. */
  private unasked = new Map<string, number>();

  /** @param describe is called for each write, since key and tags may change with time */
  register(describe: () => RefreshedResponse): void {
    this.registered.push(describe);
  }

  /** Somebody asks for the response with this key. */
  noteAsked(key: string): void {
    if (this.unasked.has(key)) this.unasked.set(key, 0);
  }

  /** The responses that depend on any of these tags and that somebody asks for. */
  takeDependentOn(tags: readonly Tag[]): readonly RefreshedResponse[] {
    const current = this.registered.map((describe) => describe());
    this.unasked = new Map(current.map(({ key }) => [key, this.unasked.get(key) ?? 0]));
    const taken = current.filter(
      (response) =>
        response.tags.some((tag) => tags.includes(tag)) && (this.unasked.get(response.key) ?? 0) < MAX_UNASKED,
    );
    for (const { key } of taken) this.unasked.set(key, (this.unasked.get(key) ?? 0) + 1);
    return taken;
  }
}
