/** Which orders a caller may see: all of them, or only those that it created. */
export type Visibility = { readonly scope: 'all' } | { readonly scope: 'own'; readonly creator: string };

/** The visibility as a part of a cache key or of a signature. Two visibilities never give the same text. */
export function visibilityKey(visibility: Visibility): string {
  return visibility.scope === 'all' ? 'all' : `own:${encodeURIComponent(visibility.creator)}`;
}
