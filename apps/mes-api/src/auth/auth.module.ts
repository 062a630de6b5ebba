import { EarlyAdmission } from '@mes/cache';
import { Global, Module, type FactoryProvider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { createRemoteJWKSet } from 'jose';
import { Configuration } from '../config/configuration.js';
import { AccessGuard } from './access.guard.js';
import { DevelopmentIssuer } from './development-issuer.js';
import { EarlyAccess } from './early-access.js';
import { TokenVerifier } from './token-verifier.js';

/** What OIDC providers sign with. */
const ISSUER_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

const tokenVerifier: FactoryProvider<TokenVerifier> = {
  provide: TokenVerifier,
  inject: [Configuration],
  useFactory: async ({ auth, dataDirectory }: Configuration) => {
    if (auth) {
      return new TokenVerifier({
        ...auth,
        algorithms: ISSUER_ALGORITHMS,
        key: createRemoteJWKSet(new URL(auth.jwksUrl)),
      });
    }
    const { issuer, audience, algorithms, publicKey } = await DevelopmentIssuer.open(dataDirectory);
    return new TokenVerifier({ issuer, audience, algorithms, key: () => publicKey });
  },
};

/** Who may call what. */
@Global()
@Module({
  providers: [
    tokenVerifier,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: EarlyAdmission, useClass: EarlyAccess },
  ],
  exports: [EarlyAdmission],
})
export class AuthModule {}
