import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { refuseParameters } from './validate-query.js';

/** Refuses query parameters on routes without any. Other routes validate their parameters. */
@Injectable()
export class UnknownParametersGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (!this.takesQuery(context)) refuseParameters(context.switchToHttp().getRequest<FastifyRequest>());
    return true;
  }

  private takesQuery(context: ExecutionContext): boolean {
    const handler = context.getHandler().name;
    const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler) ?? {}) as object;
    return Object.keys(args).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
  }
}
