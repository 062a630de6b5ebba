import { parse } from 'node:querystring';
import { LRUCache } from 'lru-cache';

/** The parameters of a query, decoded; those that are repeated as arrays. Requests with the same query share it. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Pages that are polled are asked for in the same words again and again. */
const MAX_REMEMBERED = 1_000;
/** Longer queries, in characters, are parsed anew each time. */
const MAX_REMEMBERED_LENGTH = 1_000;

const remembered = new LRUCache<string, Query>({ max: MAX_REMEMBERED });

/**
 * Parses the query of a request for everybody. The router calls it with what it has found behind the `?`; nothing else cuts
 * a request target apart.
 *
 * What is remembered depends on nothing but this text. The result is frozen, since many requests share it, so that others
 * can remember by the object what they have made of it.
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
