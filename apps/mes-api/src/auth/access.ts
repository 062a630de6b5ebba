import type { ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { ACCESS, type Access } from './access.decorators.js';
import type { Caller } from './caller.js';

/** Who may call a route: what its handler says or, failing that, its controller. Nothing means nobody. */
export function accessTo(
  reflector: Reflector,
  route: Pick<ExecutionContext, 'getHandler' | 'getClass'>,
): Access | undefined {
  return reflector.getAllAndOverride<Access | undefined>(ACCESS, [route.getHandler(), route.getClass()]);
}

/** Whether this caller has one of the roles that a route allows. */
export function mayCall(access: Exclude<Access, 'public'> | undefined, { roles }: Caller): boolean {
  return access?.some((role) => roles.includes(role)) === true;
}
