import { FastPathAdmission } from '@mes/cache';
import { Global, Module, type FactoryProvider, type NestModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { Configuration } from '../config/configuration.js';
import { RateLimitGuard } from '../rate-limits/rate-limit.guard.js';
import { AccessGuard } from './access.guard.js';
import { Authentication } from './authentication.js';
import { DevelopmentIssuer } from './development-issuer.js';
import { EarlyAccess } from './early-access.js';
import { GuardsBeforeBody } from './guards-before-body.js';
import { IssuerKeys } from './issuer-keys.js';
import { TokenVerifier } from './token-verifier.js';

/** What OIDC providers sign with. */
const ISSUER_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

const tokenVerifier: FactoryProvider<TokenVerifier> = {
  provide: TokenVerifier,
  inject: [Configuration],
  useFactory: async ({ auth, dataDirectory }: Configuration) => {
    if (auth) {
      const keys = new IssuerKeys(new URL(auth.jwksUrl));
      return new TokenVerifier({
        ...auth,
        algorithms: ISSUER_ALGORITHMS,
        key: (header, token) => keys.find(header, token),
      });
    }
    const { issuer, audience, algorithms, publicKey } = await DevelopmentIssuer.open(dataDirectory);
    return new TokenVerifier({ issuer, audience, algorithms, key: () => publicKey });
  },
};

/** Who may call what. The guards that ask are registered with the application, where their order matters. */
@Global()
@Module({
  providers: [
    tokenVerifier,
    Authentication,
    { provide: FastPathAdmission, useClass: EarlyAccess },
    RateLimitGuard,
    AccessGuard,
    GuardsBeforeBody,
  ],
  exports: [Authentication, FastPathAdmission],
})
export class AuthModule implements NestModule {
  constructor(
    private readonly adapter: HttpAdapterHost<FastifyAdapter>,
    private readonly guards: GuardsBeforeBody,
  ) {}

  configure(): void {
    this.guards.install(this.adapter.httpAdapter.getInstance());
  }
}
