import { Injectable, type PipeTransform } from '@nestjs/common';
import { isUUID } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { invalidInput } from '../../problem-details/problem.js';

/**
 * The id of the order that the path names, in lower case.
 *
 * @throws {Problem} 400 if it is not a UUID
 */
export function orderIdOf(request: FastifyRequest): string {
  return parseOrderId((request.params as { readonly id: unknown }).id);
}

/** Validates and normalises the id in a path. */
@Injectable()
export class OrderIdPipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    return parseOrderId(value);
  }
}

function parseOrderId(id: unknown): string {
  if (typeof id !== 'string' || !isUUID(id, 'all')) throw invalidInput([{ field: 'id', message: 'id must be a UUID' }]);
  return id.toLowerCase();
}
