import type { Tag } from '../versions/version-store.js';
import type { CachedResponse } from '../entries/cached-response.js';

/** A question to the cache: what is asked, and which facts its answer depends on. */
export interface KeyAndTags {
  /** Names the question completely: whatever changes the answer, the caller's visibility above all, is part of it. */
  readonly key: string;
  /** Must be the same for the same key. */
  readonly tags: readonly Tag[];
  /** Who asks, and is charged for what has to be loaded and stored; never a part of the key. */
  readonly asker?: string;
}

/** Where an answer comes from if it is not stored. */
export type LoadResponse = () => Promise<CachedResponse>;
