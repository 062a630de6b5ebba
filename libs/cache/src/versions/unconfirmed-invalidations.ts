import { EPOCH, type Tag } from './version-store.js';

/** How many tags are remembered one by one. */
const MAX_TAGS = 1_000;

/** Invalidations that may not have taken effect. They are made up for before the versionStore is trusted again. */
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

  /** Forgets these, which have taken effect now, unless they became unconfirmed again. */
  confirm(tags: readonly Tag[]): void {
    for (const tag of tags) this.tags.delete(tag);
  }
}
