import { Injectable } from '@nestjs/common';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { Problem } from '../problem-details/problem.js';
import type { Caller } from './caller.js';
import { ROLES, type Role } from './role.js';

export interface TokenExpectations {
  readonly issuer: string;
  readonly audience: string;
  /** Asymmetric ones only: with those, whoever can verify a token still cannot make one. */
  readonly algorithms: readonly string[];
  readonly key: JWTVerifyGetKey;
}

/** How far the clock of the issuer may be off. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** Verifies bearer tokens: JSON Web Tokens (RFC 7519) with the claims `sub` and `roles`. */
@Injectable()
export class TokenVerifier {
  constructor(private readonly expectations: TokenExpectations) {}

  /** @throws {Problem} 401 if the token is not good, 503 if the issuer's keys cannot be had */
  async verify(token: string): Promise<Caller> {
    const { key, issuer, audience, algorithms } = this.expectations;
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer,
        audience,
        algorithms: [...algorithms],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['sub', 'exp'],
      });
      return callerFrom(payload);
    } catch (error) {
      throw toProblem(error);
    }
  }
}

/** The 401 that says how to authenticate: RFC 6750. */
export function unauthorized(detail: string): Problem {
  return new Problem({
    status: 401,
    code: 'TOKEN_INVALID',
    detail,
    headers: { 'www-authenticate': 'Bearer realm="mes-orders", error="invalid_token"' },
  });
}

function callerFrom({ sub, roles }: JWTPayload): Caller {
  if (typeof sub !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(sub)) {
    throw unauthorized('The subject of the token must be 1 to 255 visible ASCII characters.');
  }
  const known = Array.isArray(roles) ? ROLES.filter((role: Role) => roles.includes(role)) : [];
  return { subject: sub, roles: known };
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof errors.JWTExpired) return unauthorized('The token has expired.');
  if (
    error instanceof errors.JWKSTimeout ||
    !(error instanceof errors.JOSEError) ||
    error.code === 'ERR_JOSE_GENERIC'
  ) {
    return new Problem({
      status: 503,
      code: 'ISSUER_UNAVAILABLE',
      detail: 'The keys of the token issuer cannot be had at the moment.',
      headers: { 'retry-after': '5' },
      cause: error,
    });
  }
  return unauthorized('The token is not valid here.');
}
