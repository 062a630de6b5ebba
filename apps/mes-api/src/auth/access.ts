import { applyDecorators, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { ApiBearerAuth } from '@nestjs/swagger';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';
import type { Caller, Role } from './caller.js';
import { GuardBeforeBody } from './guard-before-body.decorator.js';

/** Metadata key: the roles that may call a route, or `public`. */
const ACCESS = Symbol('ACCESS');

type Access = readonly Role[] | 'public';

/** Anybody may call the route, without a token. */
export function Public(): MethodDecorator & ClassDecorator {
  return SetMetadata(ACCESS, 'public' satisfies Access);
}

/** Only callers with one of these roles may call the route. A route without `@AllowRoles()` and `@Public()` is closed. */
export function AllowRoles(...roles: Role[]): MethodDecorator {
  return applyDecorators(
    SetMetadata(ACCESS, roles satisfies Access),
    GuardBeforeBody(),
    ApiBearerAuth(),
    ApiProblems(400, 401, 403, 414, 429, 503),
  );
}

/** The access to a route: what its handler says or, failing that, its controller; undefined if it is closed. */
export function accessTo(
  reflector: Reflector,
  route: Pick<ExecutionContext, 'getHandler' | 'getClass'>,
): Access | undefined {
  return reflector.getAllAndOverride<Access | undefined>(ACCESS, [route.getHandler(), route.getClass()]);
}

/** Whether the caller has one of the roles that a route allows. */
export function mayCall(access: Exclude<Access, 'public'> | undefined, { roles }: Caller): boolean {
  return access?.some((role) => roles.includes(role)) === true;
}
