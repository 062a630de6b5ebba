import { EPOCH, type ObservedVersions, type Tag, type Version } from '../ledger/ledger.js';

/** The versions that an answer was loaded under: of the epoch, and then of its tags, in their order. */
export type Stamp = readonly Version[];

export function stampOf(tags: readonly Tag[], versions: ObservedVersions): Stamp {
  return [EPOCH, ...tags].map((tag) => {
    const version = versions.get(tag);
    if (version === undefined) throw new Error(`the version of ${tag} was not observed`);
    return version;
  });
}

/** Whether what was stored under `stamp` is still true now that these versions were observed. */
export function isInForce(stamp: Stamp, tags: readonly Tag[], versions: ObservedVersions): boolean {
  return (
    stamp.length === tags.length + 1 &&
    stamp[0] === versions.get(EPOCH) &&
    tags.every((tag, i) => stamp[i + 1] === versions.get(tag))
  );
}

/** Names the load of an answer under these versions. */
export function loadName(key: string, stamp: Stamp): string {
  return `${key}\n${stamp.join(' ')}`;
}
