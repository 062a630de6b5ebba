import { EPOCH, type VersionSnapshot, type Tag, type Version } from './version-store.js';

/** The versions that an answer was loaded under: of the epoch, and then of its tags, in their order. */
export type VersionVector = readonly Version[];

export function vectorOf(tags: readonly Tag[], versions: VersionSnapshot): VersionVector {
  return [EPOCH, ...tags].map((tag) => {
    const version = versions.get(tag);
    if (version === undefined) throw new Error(`the version of ${tag} was not observed`);
    return version;
  });
}

/** Whether what was stored under `vector` is still true now that these versions were observed. */
export function isCurrent(vector: VersionVector, tags: readonly Tag[], versions: VersionSnapshot): boolean {
  return (
    vector.length === tags.length + 1 &&
    vector[0] === versions.get(EPOCH) &&
    tags.every((tag, i) => vector[i + 1] === versions.get(tag))
  );
}

/** Names the load of an answer under these versions. */
export function loadName(key: string, vector: VersionVector): string {
  return `${key}\n${vector.join(' ')}`;
}
