import type { ObservedVersions, Tag } from '../ledger/ledger.js';

/** The versions of `tags` in one comparable string: two stamps are equal exactly when all versions are. */
export function stampOf(tags: readonly Tag[], versions: ObservedVersions): string {
  return tags
    .map((tag) => {
      const version = versions.get(tag);
      if (version === undefined) throw new Error(`the version of ${tag} was not observed`);
      return version;
    })
    .join(' ');
}
