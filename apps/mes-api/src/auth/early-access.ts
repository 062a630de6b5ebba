import { EarlyAdmission, type CachedRoute } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { accessTo, mayCall } from './access.js';
import { TokenVerifier } from './token-verifier.js';

/** Decides as the access guard does, for callers whose tokens have been verified before. */
@Injectable()
export class EarlyAccess extends EarlyAdmission {
  constructor(
    private readonly reflector: Reflector,
    private readonly verifier: TokenVerifier,
  ) {
    super();
  }

  override testFor(route: CachedRoute): (request: FastifyRequest) => boolean {
    const access = accessTo(this.reflector, route);
    return (request) => {
      const caller = this.verifier.recall(request.headers.authorization);
      if (access === 'public' || !caller || !mayCall(access, caller)) return false;
      request.caller = caller;
      return true;
    };
  }
}
