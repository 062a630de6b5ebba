import type { FastifyRequest } from 'fastify';
import { isUUID } from 'class-validator';
import { invalidInput } from '../../problem-details/problem.js';

/**
 * The order that the path names, in lower case.
 *
 * @throws {Problem} 400 if it is not a UUID
 */
export function orderIdOf(request: FastifyRequest): string {
  return parseOrderId((request.params as { readonly id: unknown }).id);
}

/** @throws {Problem} 400 if it is not a UUID */
export function parseOrderId(id: unknown): string {
  if (typeof id !== 'string' || !isUUID(id, 'all')) throw invalidInput([{ field: 'id', message: 'id must be a UUID' }]);
  return id.toLowerCase();
}
