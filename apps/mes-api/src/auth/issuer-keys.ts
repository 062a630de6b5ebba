import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type CryptoKey,
  type FlattenedJWSInput,
  type JWK,
  type JWSHeaderParameters,
} from 'jose';

/** The signature algorithms that OIDC providers use. */
export const ISSUER_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];

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

export interface IssuerKeysOptions {
  /** A monotonic clock, in milliseconds. */
  readonly now?: () => number;
  /** The time limit for a fetch, in milliseconds. */
  readonly timeout?: number;
  /** Is called after each fetch, with the error if it failed. */
  readonly onOutcome?: (failure: unknown) => void;
}

/**
 * The public keys of an issuer (JWKS: RFC 7517), fetched on demand. While the issuer is unreachable, slow or sends no list of keys,
 * single requests wait for the timeout, and tokens with known keys are still accepted.
 */
export class IssuerKeys {
  private readonly remote: ReturnType<typeof createRemoteJWKSet>;
  private readonly now: () => number;
  private fetchedAt = -Infinity;
  private attempt: { readonly endedAt: number; readonly failure?: unknown } = { endedAt: -Infinity };
  private fetching: Promise<void> | undefined;

  private readonly onOutcome: (failure: unknown) => void;

  constructor(
    url: URL,
    { now = () => performance.now(), timeout = ISSUER_TIMEOUT_MS, onOutcome = () => undefined }: IssuerKeysOptions = {},
  ) {
    // This class decides when to fetch: while the issuer is away, jose would fetch for every request.
    this.remote = createRemoteJWKSet(url, {
      timeoutDuration: timeout,
      cacheMaxAge: Infinity,
      cooldownDuration: Infinity,
      [customFetch]: fetchOk,
    });
    this.now = now;
    this.onOutcome = onOutcome;
  }

  /**
   * The key that the header of a token names.
   *
   * @throws {IssuerUnavailableError} if the key must be fetched and the issuer is not available
   * @throws {errors.JOSEError} if the issuer has no such key
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    if (this.now() - this.fetchedAt >= KEYS_FRESH_MS) await this.fetch(0);
    if (!this.areKnown) throw this.unavailable();
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

  /** Whether fetched keys are used, even if the issuer is not available. */
  get areKnown(): boolean {
    return this.now() - this.fetchedAt < KEYS_USABLE_MS;
  }

  /** Fetches the keys now. */
  async refresh(): Promise<void> {
    await (this.fetching ?? this.fetchNow());
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
    return this.fetchNow();
  }

  private fetchNow(): Promise<void> {
    this.fetching = this.reload()
      .then(
        () => {
          this.attempt = { endedAt: this.fetchedAt };
        },
        (failure: unknown) => {
          this.attempt = { endedAt: this.now(), failure };
        },
      )
      .finally(() => {
        this.fetching = undefined;
        this.onOutcome(this.attempt.failure);
      });
    return this.fetching;
  }

  private async reload(): Promise<void> {
    await this.remote.reload();
    const areUsable = await canVerify(this.remote.jwks()?.keys ?? []);
    // The former keys are withdrawn, so they are not used while the issuer has no others.
    this.fetchedAt = areUsable ? this.now() : -Infinity;
    if (!areUsable) throw new Error('none of them can verify a token');
  }

  private unavailable(): IssuerUnavailableError {
    return new IssuerUnavailableError('the keys of the token issuer are not available', {
      cause: this.attempt.failure,
    });
  }
}

/** Whether jose would verify the signature of some token by one of these keys. */
async function canVerify(keys: readonly JWK[]): Promise<boolean> {
  const trials = keys.flatMap((key) => ISSUER_ALGORITHMS.map((alg) => createLocalJWKSet({ keys: [key] })({ alg })));
  return (await Promise.allSettled(trials)).some(({ status }) => status === 'fulfilled');
}

/** The error of jose does not say which status it got instead. */
async function fetchOk(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  if (response.status !== 200) throw new Error(`it answers ${response.status}`);
  return response;
}
