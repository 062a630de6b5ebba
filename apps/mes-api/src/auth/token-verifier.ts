import { Injectable } from '@nestjs/common';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { Problem } from '../problem-details/problem.js';
import { isAccessToken } from './access-token.js';
import { SUBJECT, type Caller } from './caller.js';
import { claimedRoles, type RoleClaim } from './claimed-roles.js';
import { IssuerUnavailableError } from './issuer-keys.js';

export interface TokenExpectations extends RoleClaim {
  readonly issuer: string;
  readonly audience: string;
  /** Asymmetric ones only: a verification key cannot sign tokens. */
  readonly algorithms: readonly string[];
  readonly key: JWTVerifyGetKey;
  /** The time, in milliseconds since 1970. */
  readonly now?: () => number;
}

/** Accepted difference between the clocks of the issuer and of this process. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** How long a verified token is not verified again. A token of a withdrawn key is accepted until then. */
const REMEMBERED_MS = 5 * 60_000;

/** Limits of the remembered tokens, in number and in bytes of memory. The least recently used ones are forgotten. */
const MAX_REMEMBERED = 10_000;
const MAX_REMEMBERED_BYTES = 16 * 1024 * 1024;

/** Approximate size of an entry without its texts. */
const ENTRY_BYTES = 300;

interface RememberedToken {
  readonly signature: string;
  readonly caller: Caller;
  /** When the token is verified again, in milliseconds since 1970. */
  readonly until: number;
}

/** Verifies bearer tokens: JSON Web Tokens (RFC 7519) that are access tokens, with the claim `sub` and a claim with roles. */
@Injectable()
export class TokenVerifier {
  /**
   * The key is the signed part of the token, which has one spelling. A signature has several: the last character of Base64 has
   * spare bits, and ECDSA accepts two signatures of one content. A caller could fill the memory with these.
   */
  private readonly remembered = new LRUCache<string, RememberedToken>({
    max: MAX_REMEMBERED,
    maxSize: MAX_REMEMBERED_BYTES,
    sizeCalculation: ({ signature, caller }, signed) =>
      signed.length + signature.length + caller.subject.length + ENTRY_BYTES,
  });
  private readonly now: () => number;

  constructor(private readonly expectations: TokenExpectations) {
    this.now = expectations.now ?? Date.now;
  }

  /** The caller that an `Authorization` header names, if its token was verified before and is still valid. */
  recall(authorization: string | undefined): Caller | undefined {
    const token = bearerToken(authorization);
    if (token === undefined) return undefined;
    const { signed, signature } = partsOf(token);
    const known = this.remembered.get(signed);
    return known?.signature === signature && this.now() < known.until ? known.caller : undefined;
  }

  /**
   * The caller that an `Authorization` header names.
   *
   * @throws {Problem} 401 if the token is not valid, 503 if the issuer's keys are not available
   */
  async verify(authorization: string | undefined): Promise<Caller> {
    const known = this.recall(authorization);
    if (known) return known;

    const token = bearerToken(authorization);
    if (token === undefined || !COMPACT_JWS.test(token)) {
      throw unauthorized('Send a token: "Authorization: Bearer <token>".', token !== undefined);
    }
    const caller = this.callerFrom(await this.verifiedPayload(token));
    this.remember(token, caller);
    return caller;
  }

  private remember(token: string, caller: Caller): void {
    const { signed, signature } = partsOf(token);
    const until = Math.min(caller.expiresAt, this.now() + REMEMBERED_MS);
    this.remembered.set(ownCopy(signed), { signature: ownCopy(signature), caller, until });
  }

  private callerFrom(payload: JWTPayload): Caller {
    const { sub, exp = 0 } = payload;
    if (typeof sub !== 'string' || !SUBJECT.test(sub)) {
      throw unauthorized('The subject of the token must be 1 to 255 visible ASCII characters.');
    }
    const expiresAt = (exp + CLOCK_TOLERANCE_SECONDS) * 1_000;
    return { subject: sub, roles: claimedRoles(payload, this.expectations), expiresAt };
  }

  private async verifiedPayload(token: string): Promise<JWTPayload> {
    const { key, issuer, audience, algorithms } = this.expectations;
    const { payload, protectedHeader } = await jwtVerify(token, key, {
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['sub', 'exp'],
      currentDate: new Date(this.now()),
    }).catch((error: unknown) => {
      throw toProblem(error);
    });
    if (!isAccessToken(protectedHeader, payload)) throw unauthorized('The token is not an access token.');
    return payload;
  }
}

/** The answer 401, which says how to authenticate, and names an error only if there was a token: RFC 6750, section 3.1. */
function unauthorized(detail: string, hasToken = true): Problem {
  return new Problem({
    status: 401,
    code: 'TOKEN_INVALID',
    detail,
    headers: { 'www-authenticate': `Bearer realm="mes-orders"${hasToken ? ', error="invalid_token"' : ''}` },
  });
}

/** Header, claims and signature, each in Base64 for URLs: RFC 7515, section 7.1. */
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const SCHEME = 'bearer ';

/** The token in an `Authorization` header: RFC 6750. Nothing else reads that header. */
function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization?.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
  return authorization.slice(SCHEME.length).trim();
}

/** The signed part of a token, and its signature. */
function partsOf(token: string): { readonly signed: string; readonly signature: string } {
  const end = token.lastIndexOf('.');
  return { signed: token.slice(0, end), signature: token.slice(end + 1) };
}

/** A copy of the text. A slice would keep the whole header in memory (V8). */
function ownCopy(ascii: string): string {
  return Buffer.from(ascii, 'latin1').toString('latin1');
}

function toProblem(error: unknown): Problem {
  if (error instanceof errors.JWTExpired) return unauthorized('The token has expired.');
  // A key that jose cannot use is a fault of the issuer as well.
  if (error instanceof IssuerUnavailableError || !(error instanceof errors.JOSEError)) {
    return new Problem({
      status: 503,
      code: 'ISSUER_UNAVAILABLE',
      detail: 'The keys of the token issuer are not available at the moment.',
      headers: { 'retry-after': '5' },
      cause: error,
    });
  }
  // The signature is right, so the name of the claim tells nothing to anybody who makes up tokens.
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthorized(`The token is not valid for this API: its claim ${error.claim} is missing or another one.`);
  }
  return unauthorized('The token is not valid for this API.');
}
