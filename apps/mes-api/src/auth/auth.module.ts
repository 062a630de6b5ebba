import { Global, Module, type FactoryProvider } from '@nestjs/common';
import { Configuration } from '../config/configuration.js';
import { OWN_NAMES } from '../config/roles.js';
import { Authentication } from './authentication.js';
import { CallerController } from './caller.controller.js';
import { DevelopmentIssuer } from './development-issuer.js';
import { ISSUER_ALGORITHMS } from './issuer-keys.js';
import { IssuerKeysWatch } from './issuer-keys-watch.js';
import { IssuerMetadata } from './issuer-metadata.js';
import { TokenVerifier } from './token-verifier.js';

const tokenVerifier: FactoryProvider<TokenVerifier> = {
  provide: TokenVerifier,
  inject: [Configuration, IssuerKeysWatch],
  useFactory: async ({ auth, dataDirectory }: Configuration, watch: IssuerKeysWatch | null) => {
    if (auth && watch) {
      const { keys } = watch;
      return new TokenVerifier({
        ...auth,
        algorithms: ISSUER_ALGORITHMS,
        key: (header, token) => keys.find(header, token),
      });
    }
    const { issuer, audience, algorithms, publicKey } = await DevelopmentIssuer.open(dataDirectory);
    return new TokenVerifier({
      issuer,
      audience,
      algorithms,
      rolesClaim: 'roles',
      roleMap: OWN_NAMES,
      key: () => publicKey,
    });
  },
};

const issuerMetadata: FactoryProvider<IssuerMetadata> = {
  provide: IssuerMetadata,
  inject: [Configuration],
  useFactory: ({ auth }: Configuration) => IssuerMetadata.discover(auth?.issuer),
};

/** Null if the API issues tokens itself. */
const issuerKeysWatch: FactoryProvider<IssuerKeysWatch | null> = {
  provide: IssuerKeysWatch,
  inject: [Configuration, IssuerMetadata],
  useFactory: ({ auth }: Configuration, metadata: IssuerMetadata) =>
    auth ? IssuerKeysWatch.begin(auth.jwksUrl, metadata) : null,
};

/** Authenticates callers by their tokens. */
@Global()
@Module({
  controllers: [CallerController],
  providers: [tokenVerifier, issuerMetadata, issuerKeysWatch, Authentication],
  exports: [TokenVerifier, IssuerMetadata, IssuerKeysWatch, Authentication],
})
export class AuthModule {}
