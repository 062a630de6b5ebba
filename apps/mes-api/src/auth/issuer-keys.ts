import { createRemoteJWKSet, errors, type CryptoKey, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';

/** How long fetched keys are used without a new fetch, in milliseconds. A withdrawn key is accepted until then. */
export const KEYS_FRESH_MS = 5 * 60_000;

/** How long keys are used while the issuer is not available. */
export const KEYS_USABLE_MS = 24 * 60 * 60_000;

/** Shortest time between fetches for unknown keys, so that forged tokens cause no load at the issuer. */
export const UNKNOWN_KEY_PAUSE_MS = 10_000;

/** Shortest time between a failed fetch and the next one. */
export const FAILURE_PAUSE_MS = 5_000;

/** Errors that are caused by the token, not by the issuer. */
const TOKEN_ERRORS = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/** Time limit for a fetch. */
const ISSUER_TIMEOUT_MS = 2_000;

/** The keys of the issuer are not available. */
export class IssuerUnavailableError extends Error {
  readonly code = 'ISSUER_UNAVAILABLE';
}

/** A monotonic clock, and the time limit for a fetch; in milliseconds. */
export interface IssuerKeysOptions {
  readonly now?: () => number;
  readonly timeout?: number;
}

/**
 * The public keys of an issuer (JWKS: RFC 7517), fetched on demand. While the issuer is unreachable, slow or sends invalid keys,
 * single requests wait for the timeout, and tokens with known keys are still accepted.
 */
export class IssuerKeys {
  private readonly remote: ReturnType<typeof createRemoteJWKSet>;
  private readonly now: () => number;
  private fetchedAt = -Infinity;
  private attempt: { readonly endedAt: number; readonly failure?: unknown } = { endedAt: -Infinity };
  private fetching: Promise<void> | undefined;

  constructor(url: URL, { now = () => performance.now(), timeout = ISSUER_TIMEOUT_MS }: IssuerKeysOptions = {}) {
    // This class decides when to fetch: while the issuer is away, jose would fetch for every request.
    this.remote = createRemoteJWKSet(url, {
      timeoutDuration: timeout,
      cacheMaxAge: Infinity,
      cooldownDuration: Infinity,
    });
    this.now = now;
  }

  /**
   * The key that the header of a token names.
   *
   * @throws {IssuerUnavailableError} if the key must be fetched and the issuer is not available
   * @throws {errors.JOSEError} if the issuer has no such key
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    if (this.now() - this.fetchedAt >= KEYS_FRESH_MS) await this.fetch(0);
    if (this.now() - this.fetchedAt >= KEYS_USABLE_MS) throw this.unavailable();
    try {
      return await this.keyFor(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // The issuer may have added a key since the last fetch.
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

  /** Fetches the keys, unless the last fetch ended less than `pause` ago. Concurrent calls share one fetch. */
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
    return new IssuerUnavailableError('the keys of the token issuer are not available', {
      cause: this.attempt.failure,
    });
  }
}
