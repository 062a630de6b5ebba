import type { ClassConstructor } from 'class-transformer';
import type { FastifyRequest } from 'fastify';
import { validated } from './validation.js';

/**
 * Validates the query of a request and puts the result in its place, for whoever asks next.
 *
 * @throws {Problem} 400 with every offending parameter
 */
export function validateQuery<T extends object>(type: ClassConstructor<T>, request: FastifyRequest): T {
  if (request.query instanceof type) return request.query;

  const query = validated(type, request.query);
  request.query = query;
  return query;
}
