import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';
import { GuardBeforeBody } from './guard-before-body.decorator.js';
import type { Role } from './role.js';

/** Metadata key: the roles that may call a route, or `public`. */
export const ACCESS = Symbol('ACCESS');

export type Access = readonly Role[] | 'public';

/** Anybody may call it, without a token. */
export function Public(): MethodDecorator & ClassDecorator {
  return SetMetadata(ACCESS, 'public' satisfies Access);
}

/** Only callers with one of these roles may call it. A route that says nothing may be called by nobody. */
export function AllowRoles(...roles: Role[]): MethodDecorator {
  return applyDecorators(
    SetMetadata(ACCESS, roles satisfies Access),
    GuardBeforeBody(),
    ApiBearerAuth(),
    ApiProblems(400, 401, 403, 429, 503),
  );
}
