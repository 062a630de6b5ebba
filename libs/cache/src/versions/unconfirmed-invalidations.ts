import { EPOCH, type Tag } from './version-store.js';

/** Beyond this number the epoch stands for all of them. */
const MAX_TAGS = 1_000;

/** Invalidations that may have been lost. They are made up for before the version store is trusted again. */
export class UnconfirmedInvalidations {
  /** When each tag was added last, counted in additions. */
  private tags = new Map<Tag, number>();
  private additions = 0;

  get isEmpty(): boolean {
    return this.tags.size === 0;
  }

  list(): ReadonlyMap<Tag, number> {
    return new Map(this.tags);
  }

  add(tags: readonly Tag[]): void {
    this.additions += 1;
    for (const tag of tags) this.tags.set(tag, this.additions);
    if (this.tags.size > MAX_TAGS) this.tags = new Map([[EPOCH, this.additions]]);
  }

  /** Forgets what was listed and made up for. A tag that was added again since then may have been lost after that. */
  confirm(listed: ReadonlyMap<Tag, number>): void {
    for (const [tag, addition] of listed) if (this.tags.get(tag) === addition) this.tags.delete(tag);
  }
}
