import { FastPathAdmission } from '@mes/cache';
import { Global, Module, type NestModule } from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { AccessGuard } from '../auth/access.guard.js';
import { FAIR_SHARES_DEFAULTS, FairShares } from '../rate-limits/fair-shares.js';
import { FairSharesGuard } from '../rate-limits/fair-shares.guard.js';
import { RateLimitGuard } from '../rate-limits/rate-limit.guard.js';
import { UnknownParametersGuard } from '../validation/unknown-parameters.guard.js';
import { EarlyAccess } from './early-access.js';
import { GuardsBeforeBody } from './guards-before-body.js';

/**
 * The guards of all routes, in the three places where they run: in Nest, before the body of a request is read, and on the fast
 * path of the cache.
 */
@Global()
@Module({
  providers: [
    { provide: FairShares, useFactory: () => new FairShares(FAIR_SHARES_DEFAULTS) },
    // Nest runs them in this order. A caller without access learns nothing about the rest of its request.
    { provide: APP_GUARD, useClass: RateLimitGuard },
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_GUARD, useClass: UnknownParametersGuard },
    { provide: APP_GUARD, useClass: FairSharesGuard },
    RateLimitGuard,
    AccessGuard,
    GuardsBeforeBody,
    { provide: FastPathAdmission, useClass: EarlyAccess },
  ],
  exports: [FastPathAdmission],
})
export class AdmissionModule implements NestModule {
  constructor(
    private readonly adapter: HttpAdapterHost<FastifyAdapter>,
    private readonly guards: GuardsBeforeBody,
  ) {}

  configure(): void {
    this.guards.install(this.adapter.httpAdapter.getInstance());
  }
}
