import type { ClassConstructor } from 'class-transformer';
import type { FastifyRequest } from 'fastify';
import { invalidInput } from '../problem-details/problem.js';
import { validated } from './validation.js';

/** The validated queries of each type, by parsed query. They are frozen, because requests share them. */
const remembered = new WeakMap<ClassConstructor<object>, WeakMap<object, object>>();

/**
 * Validates the query of a request and replaces it by the result.
 *
 * @throws {Problem} 400 with every invalid parameter
 */
export function validateQuery<T extends object>(type: ClassConstructor<T>, request: FastifyRequest): Readonly<T> {
  const { query } = request as { query: object };
  if (query instanceof type) return query;

  const known = rememberedFor(type);
  let result = known.get(query);
  if (!result) known.set(query, (result = Object.freeze(validated(type, query))));
  request.query = result;
  return result;
}

/**
 * Refuses all query parameters, on a route that has none.
 *
 * @throws {Problem} 400 with every parameter
 */
export function refuseParameters(request: FastifyRequest): void {
  const names = Object.keys(request.query as object);
  if (names.length === 0) return;
  throw invalidInput(names.map((field) => ({ field, message: `there is no parameter ${field}` })));
}

function rememberedFor<T extends object>(type: ClassConstructor<T>): WeakMap<object, T> {
  let known = remembered.get(type);
  if (!known) remembered.set(type, (known = new WeakMap()));
  return known as WeakMap<object, T>;
}
