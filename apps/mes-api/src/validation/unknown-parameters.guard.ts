import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { invalidInput } from '../problem-details/problem.js';

/**
 * Refuses queries that are not what percent-encoding makes of UTF-8, and query parameters on routes that have none. Routes
 * that have some validate their own.
 */
@Injectable()
export class UnknownParametersGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { query, url } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!isDecodable(url)) throw invalidInput([{ field: '', message: 'the query must be percent-encoded UTF-8' }]);
    const names = Object.keys(query as object);
    if (names.length === 0 || this.takesQuery(context)) return true;
    throw invalidInput(names.map((field) => ({ field, message: `there is no parameter ${field}` })));
  }

  private takesQuery(context: ExecutionContext): boolean {
    const handler = context.getHandler().name;
    const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler) ?? {}) as object;
    return Object.keys(args).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
  }
}

/** Fastify takes what cannot be decoded as it is. */
function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
