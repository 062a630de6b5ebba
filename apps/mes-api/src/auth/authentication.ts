import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Caller } from './caller.js';
import { TokenVerifier } from './token-verifier.js';

/** Identifies the caller of a request. A token is verified once for each request, however many guards ask. */
@Injectable()
export class Authentication {
  private readonly outcomes = new WeakMap<FastifyRequest, Promise<Caller>>();

  constructor(private readonly verifier: TokenVerifier) {}

  /** @throws {Problem} 401 if the token is not valid, 503 if the keys of the issuer are not available */
  callerOf(request: FastifyRequest): Promise<Caller> {
    if (request.caller) return Promise.resolve(request.caller);
    let outcome = this.outcomes.get(request);
    if (!outcome) {
      outcome = this.verifier.verify(request.headers.authorization);
      this.outcomes.set(request, outcome);
    }
    return outcome;
  }
}
