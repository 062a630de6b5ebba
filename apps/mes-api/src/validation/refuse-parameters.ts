import type { FastifyRequest } from 'fastify';
import { invalidInput } from '../problem-details/problem.js';

/**
 * Refuses every query parameter: for routes that have none.
 *
 * @throws {Problem} 400 with every parameter
 */
export function refuseParameters(request: FastifyRequest): void {
  const names = Object.keys(request.query as object);
  if (names.length === 0) return;
  throw invalidInput(names.map((field) => ({ field, message: `there is no parameter ${field}` })));
}
