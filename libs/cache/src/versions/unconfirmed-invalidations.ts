import { EPOCH, type Tag } from './version-store.js';

/** Beyond this number the epoch stands for all of them. */
const MAX_TAGS = 1_000;

/** Invalidations that may have been lost. They are made up for before the version store is trusted again. */
export class UnconfirmedInvalidations {
  private tags = new Set<Tag>();

  get isEmpty(): boolean {
    return this.tags.size === 0;
  }

  list(): readonly Tag[] {
    return [...this.tags];
  }

  add(tags: readonly Tag[]): void {
    for (const tag of tags) this.tags.add(tag);
    if (this.tags.size > MAX_TAGS) this.tags = new Set([EPOCH]);
  }

  confirm(tags: readonly Tag[]): void {
    for (const tag of tags) this.tags.delete(tag);
  }
}
