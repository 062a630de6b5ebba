import { randomUUID } from 'node:crypto';
import { EPOCH, type Tag, type Version, type VersionSnapshot } from './version-store.js';

/** The versions under which a response was loaded: of the epoch, and then of its tags in their order. */
export type VersionVector = readonly Version[];

/** A version that was never used before: 122 random bits. */
export function freshVersion(): Version {
  return randomUUID();
}

/** @throws {Error} if the snapshot lacks one of the tags */
export function vectorOf(tags: readonly Tag[], snapshot: VersionSnapshot): VersionVector {
  return [EPOCH, ...tags].map((tag) => {
    const version = snapshot.get(tag);
    if (version === undefined) throw new Error(`the snapshot has no version of ${tag}`);
    return version;
  });
}

/** Whether a response that was stored under `vector` is still valid at the time of the snapshot. */
export function isCurrent(vector: VersionVector, tags: readonly Tag[], snapshot: VersionSnapshot): boolean {
  return (
    vector.length === tags.length + 1 &&
    vector[0] === snapshot.get(EPOCH) &&
    tags.every((tag, i) => vector[i + 1] === snapshot.get(tag))
  );
}

/** Names the load of a response under these versions. Builds of different shapes share no entries, and so no loads. */
export function loadName(shape: string, key: string, vector: VersionVector): string {
  return [shape, key, ...vector].join('\n');
}
