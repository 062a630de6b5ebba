import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Caller } from './caller.js';
import { TokenVerifier } from './token-verifier.js';

/** Tells who makes a request. However many guards ask, a token is verified once for it, good or not. */
@Injectable()
export class Authentication {
  private readonly outcomes = new WeakMap<FastifyRequest, Promise<Caller>>();

  constructor(private readonly verifier: TokenVerifier) {}

  /** @throws {Problem} 401 if the token is not good, 503 if that cannot be told at the moment */
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
