import type { ClassConstructor } from 'class-transformer';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { refuseUndecodable } from './refuse-parameters.js';
import { validated } from './validation.js';

/** Pages that are polled are asked for in the same words again and again. */
const MAX_REMEMBERED = 1_000;
/** Longer queries, in characters, are validated anew each time. */
const MAX_REMEMBERED_LENGTH = 1_000;

/** Good queries of each type, by the text that they were written as. They are frozen: all requests share them. */
const remembered = new Map<unknown, LRUCache<string, object>>();

/**
 * Validates the query of a request and puts the result in its place, for whoever asks next.
 *
 * @throws {Problem} 400 with every offending parameter
 */
export function validateQuery<T extends object>(type: ClassConstructor<T>, request: FastifyRequest): Readonly<T> {
  if (request.query instanceof type) return request.query;

  const query = recall(type, request) ?? remember(type, request);
  request.query = query;
  return query;
}

function recall<T extends object>(type: ClassConstructor<T>, { url }: FastifyRequest): T | undefined {
  return remembered.get(type)?.get(queryText(url)) as T | undefined;
}

function remember<T extends object>(type: ClassConstructor<T>, request: FastifyRequest): T {
  refuseUndecodable(request);
  const query = Object.freeze(validated(type, request.query));
  const text = queryText(request.url);
  if (text.length > MAX_REMEMBERED_LENGTH) return query;

  const queries = remembered.get(type) ?? new LRUCache<string, object>({ max: MAX_REMEMBERED });
  remembered.set(type, queries);
  queries.set(text, query);
  return query;
}

function queryText(url: string): string {
  const begin = url.indexOf('?');
  return begin < 0 ? '' : url.slice(begin);
}
