import { parse } from 'node:querystring';
import { LRUCache } from 'lru-cache';

/** The decoded parameters of a query; repeated ones are arrays. Requests with the same query share the object. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Parsed queries are remembered, because polling repeats them. */
const MAX_REMEMBERED = 1_000;
/** Longer queries, in characters, are not remembered. */
const MAX_REMEMBERED_LENGTH = 1_000;

const remembered = new LRUCache<string, Query>({ max: MAX_REMEMBERED });

/**
 * Parses the query of a request. The router calls it with the text after the `?`; no other code parses the request target.
 *
 * Requests share the frozen result, so it can serve as the key of further results, such as the validated query.
 */
export function parseQuery(text: string): Query {
  const known = remembered.get(text);
  if (known) return known;

  const query = parse(text, '&', '=', { maxKeys: 0 });
  for (const value of Object.values(query)) Object.freeze(value);
  Object.freeze(query);
  if (text.length <= MAX_REMEMBERED_LENGTH) remembered.set(text, query);
  return query;
}
