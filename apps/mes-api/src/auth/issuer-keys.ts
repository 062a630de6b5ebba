import { createRemoteJWKSet, errors, type CryptoKey, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';

/** How long keys are used without asking the issuer again, in milliseconds: a key that it withdraws is good until then. */
export const KEYS_FRESH_MS = 5 * 60_000;

/** How long keys are used while the issuer cannot be asked. */
export const KEYS_USABLE_MS = 24 * 60 * 60_000;

/** How soon the issuer is asked again for a key that it did not have: whoever makes tokens up must not make it busy. */
export const UNKNOWN_KEY_PAUSE_MS = 10_000;

/** How soon the issuer is asked again after it could not be. */
export const FAILURE_PAUSE_MS = 5_000;

/** What says that the token, and not the issuer, is the trouble. */
const TOKEN_ERRORS = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/** How long the issuer may take. */
const ISSUER_PATIENCE_MS = 2_000;

/** The issuer's keys cannot be had. */
export class IssuerUnavailableError extends Error {
  readonly code = 'ISSUER_UNAVAILABLE';
}

/** A clock that never goes back, and how long the issuer may take; in milliseconds. */
export interface IssuerKeysOptions {
  readonly now?: () => number;
  readonly patience?: number;
}

/**
 * The public keys that an issuer signs with (JWKS: RFC 7517), asked for when they are needed. An issuer that is away, slow or
 * talks nonsense delays one request now and then, and does not lock out tokens whose keys are known.
 */
export class IssuerKeys {
  private readonly remote: ReturnType<typeof createRemoteJWKSet>;
  private readonly now: () => number;
  private fetchedAt = -Infinity;
  private attempt: { readonly endedAt: number; readonly failure?: unknown } = { endedAt: -Infinity };
  private fetching: Promise<void> | undefined;

  constructor(url: URL, { now = () => performance.now(), patience = ISSUER_PATIENCE_MS }: IssuerKeysOptions = {}) {
    // When to ask is decided here, since jose would ask for every request while the issuer is away.
    this.remote = createRemoteJWKSet(url, {
      timeoutDuration: patience,
      cacheMaxAge: Infinity,
      cooldownDuration: Infinity,
    });
    this.now = now;
  }

  /**
   * The key that a token says it was signed with.
   *
   * @throws {IssuerUnavailableError} if the issuer would have to be asked and cannot be
   * @throws {errors.JOSEError} if the issuer has no such key
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    if (this.now() - this.fetchedAt >= KEYS_FRESH_MS) await this.fetch(0);
    if (this.now() - this.fetchedAt >= KEYS_USABLE_MS) throw this.unavailable();
    try {
      return await this.keyFor(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // The issuer may have a new one since.
      await this.fetch(UNKNOWN_KEY_PAUSE_MS);
      if (this.attempt.failure !== undefined) throw this.unavailable();
      return this.keyFor(header, token);
    }
  }

  private async keyFor(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    try {
      return await this.remote(header, token);
    } catch (error) {
      if (TOKEN_ERRORS.some((type) => error instanceof type)) throw error;
      throw new IssuerUnavailableError('the key of the token issuer cannot be used', { cause: error });
    }
  }

  /** Asks the issuer, unless that was done so recently; all who want to know meanwhile share the answer. */
  private fetch(pause: number): Promise<void> {
    if (this.fetching) return this.fetching;
    const { endedAt, failure } = this.attempt;
    if (this.now() - endedAt < (failure === undefined ? pause : FAILURE_PAUSE_MS)) return Promise.resolve();

    this.fetching = this.remote
      .reload()
      .then(
        () => {
          this.fetchedAt = this.now();
          this.attempt = { endedAt: this.fetchedAt };
        },
        (failure: unknown) => {
          this.attempt = { endedAt: this.now(), failure };
        },
      )
      .finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  private unavailable(): IssuerUnavailableError {
    return new IssuerUnavailableError('the keys of the token issuer cannot be had', { cause: this.attempt.failure });
  }
}
