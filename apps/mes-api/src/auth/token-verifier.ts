import { Injectable } from '@nestjs/common';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { Problem } from '../problem-details/problem.js';
import type { Caller } from './caller.js';
import { IssuerUnavailableError } from './issuer-keys.js';
import { ROLES, type Role } from './role.js';

export interface TokenExpectations {
  readonly issuer: string;
  readonly audience: string;
  /** Asymmetric ones only: with those, whoever can verify a token still cannot make one. */
  readonly algorithms: readonly string[];
  readonly key: JWTVerifyGetKey;
  /** The time, in milliseconds since 1970. */
  readonly now?: () => number;
}

/** How far the clock of the issuer may be off. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** How long a token that was found good is not verified again; a key which the issuer withdraws is good until then. */
const REMEMBERED_MS = 5 * 60_000;

/** Callers whose tokens are remembered; the least recently seen ones are verified anew. */
const MAX_REMEMBERED = 10_000;

interface RememberedCaller {
  readonly caller: Caller;
  /** When the token is verified again, in milliseconds since 1970. */
  readonly until: number;
}

/** Verifies bearer tokens: JSON Web Tokens (RFC 7519) with the claims `sub` and `roles`. */
@Injectable()
export class TokenVerifier {
  private readonly remembered = new LRUCache<string, RememberedCaller>({ max: MAX_REMEMBERED });
  private readonly now: () => number;

  constructor(private readonly expectations: TokenExpectations) {
    this.now = expectations.now ?? Date.now;
  }

  /** Who sends this `Authorization` header, if it was verified before and its token is still good. */
  recall(authorization: string | undefined): Caller | undefined {
    if (authorization === undefined) return undefined;
    const known = this.remembered.get(authorization);
    return known && this.now() < known.until ? known.caller : undefined;
  }

  /**
   * Who sends this `Authorization` header.
   *
   * @throws {Problem} 401 if the token is not good, 503 if the issuer's keys cannot be had
   */
  async verify(authorization: string | undefined): Promise<Caller> {
    const known = this.recall(authorization);
    if (known) return known;

    const payload = await this.verifiedPayload(bearerToken(authorization));
    const caller = callerFrom(payload);
    const until = Math.min(caller.expiresAt, this.now() + REMEMBERED_MS);
    this.remembered.set(authorization ?? '', { caller, until });
    return caller;
  }

  private async verifiedPayload(token: string): Promise<JWTPayload> {
    const { key, issuer, audience, algorithms } = this.expectations;
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer,
        audience,
        algorithms: [...algorithms],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['sub', 'exp'],
        currentDate: new Date(this.now()),
      });
      return payload;
    } catch (error) {
      throw toProblem(error);
    }
  }
}

/** The 401 that says how to authenticate: RFC 6750. */
function unauthorized(detail: string): Problem {
  return new Problem({
    status: 401,
    code: 'TOKEN_INVALID',
    detail,
    headers: { 'www-authenticate': 'Bearer realm="mes-orders", error="invalid_token"' },
  });
}

function bearerToken(authorization: string | undefined): string {
  const [, token] = /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) throw unauthorized('Send a token: "Authorization: Bearer <token>".');
  return token;
}

function callerFrom({ sub, roles, exp = 0 }: JWTPayload): Caller {
  if (typeof sub !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(sub)) {
    throw unauthorized('The subject of the token must be 1 to 255 visible ASCII characters.');
  }
  const known = Array.isArray(roles) ? ROLES.filter((role: Role) => roles.includes(role)) : [];
  return { subject: sub, roles: known, expiresAt: (exp + CLOCK_TOLERANCE_SECONDS) * 1_000 };
}

function toProblem(error: unknown): Problem {
  if (error instanceof errors.JWTExpired) return unauthorized('The token has expired.');
  // A key that jose cannot work with is the issuer's fault, too.
  if (error instanceof IssuerUnavailableError || !(error instanceof errors.JOSEError)) {
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
