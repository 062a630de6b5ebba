import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type GenerateKeyPairResult,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose';
import type { Role } from '../../apps/mes-api/src/auth/caller.js';

const ALGORITHM = 'ES256';
const PATH = '/realms/mes';

/** Claims of a token. Times are in seconds from now. */
export interface TokenClaims {
  readonly subject?: string;
  readonly roles?: readonly Role[];
  readonly issuer?: string;
  readonly audience?: string;
  readonly expiresIn?: number;
  readonly notBeforeIn?: number;
  readonly keyId?: string;
}

/** An issuer of tokens with a real server for its keys. A test can make the server misbehave. */
export class TokenIssuer {
  readonly audience = 'mes';
  /** The number of requests for the keys. */
  requests = 0;
  /** What the issuer says about itself, beside its name. */
  endpoints: Readonly<Record<string, string>> = {};
  /** Answers requests for the metadata instead of the normal answer. */
  answersMetadata: ((response: ServerResponse) => void) | undefined;
  /** A listener that handles requests for the keys instead of the normal one. */
  misbehaviour: RequestListener | undefined;
  private readonly keys = new Map<string, GenerateKeyPairResult>();
  private server: Server;
  private port = 0;

  private constructor() {
    this.server = this.createServer();
  }

  /** Starts an issuer with one key, named `first`. */
  static async start(): Promise<TokenIssuer> {
    const issuer = new TokenIssuer();
    await issuer.addKey('first');
    await issuer.listen(0);
    return issuer;
  }

  /** The issuer in the tokens, which serves its metadata. */
  get issuer(): string {
    return `http://127.0.0.1:${this.port}${PATH}`;
  }

  get jwksUrl(): string {
    return `http://127.0.0.1:${this.port}/keys`;
  }

  /** The environment variables of an API that accepts the tokens. */
  get environment(): Readonly<Record<'AUTH_ISSUER' | 'AUTH_AUDIENCE' | 'AUTH_JWKS_URL', string>> {
    return { AUTH_ISSUER: this.issuer, AUTH_AUDIENCE: this.audience, AUTH_JWKS_URL: this.jwksUrl };
  }

  async addKey(keyId: string): Promise<void> {
    this.keys.set(keyId, await generateKeyPair(ALGORITHM, { extractable: true }));
  }

  removeKey(keyId: string): void {
    this.keys.delete(keyId);
  }

  /** The published keys. */
  publicKeys(): Promise<JWK[]> {
    return Promise.all(
      [...this.keys].map(async ([kid, { publicKey }]) => ({
        ...(await exportJWK(publicKey)),
        kid,
        alg: ALGORITHM,
        use: 'sig',
      })),
    );
  }

  async token(claims: TokenClaims = {}): Promise<string> {
    const { subject = 'anna', roles = ['operator'], keyId = 'first', expiresIn = 300, notBeforeIn } = claims;
    const now = Math.floor(Date.now() / 1_000);
    const payload = {
      iss: claims.issuer ?? this.issuer,
      aud: claims.audience ?? this.audience,
      sub: subject,
      roles,
      iat: now,
      exp: now + expiresIn,
      ...(notBeforeIn === undefined ? {} : { nbf: now + notBeforeIn }),
    };
    return this.sign(payload, keyId);
  }

  /** A token with exactly this payload. If the key id is unknown, an unpublished key signs the token. */
  async sign(payload: JWTPayload, keyId = 'first', header: Partial<JWTHeaderParameters> = {}): Promise<string> {
    const { privateKey } = this.keys.get(keyId) ?? (await generateKeyPair(ALGORITHM));
    return new SignJWT(payload).setProtectedHeader({ alg: ALGORITHM, kid: keyId, ...header }).sign(privateKey);
  }

  /** Closes the server until the issuer {@link returns}. */
  async leave(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async returns(): Promise<void> {
    if (this.server.listening) return;
    this.server = this.createServer();
    await this.listen(this.port);
  }

  async stop(): Promise<void> {
    if (this.server.listening) await this.leave();
  }

  private sendMetadata(url: string, response: ServerResponse): void {
    if (this.answersMetadata) {
      this.answersMetadata(response);
      return;
    }
    const isKnown = url === `${PATH}/.well-known/openid-configuration`;
    const metadata = { issuer: this.issuer, jwks_uri: this.jwksUrl, ...this.endpoints };
    response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKnown ? metadata : { error: 'Realm does not exist' }));
  }

  private async listen(port: number): Promise<void> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  private createServer(): Server {
    return createServer((request, response) => {
      if (request.url?.endsWith('/.well-known/openid-configuration') === true) {
        this.sendMetadata(request.url, response);
        return;
      }
      this.requests += 1;
      if (this.misbehaviour) {
        this.misbehaviour(request, response);
        return;
      }
      void this.publicKeys().then((keys) => {
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
      });
    });
  }
}
