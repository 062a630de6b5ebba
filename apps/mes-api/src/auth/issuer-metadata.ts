import { Reminder } from '@mes/cache';
import { Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { EnvironmentError } from '../config/environment-error.js';

/** Time limit for an answer of the issuer. */
const TIMEOUT_MS = 2_000;

/** Time between two questions while the issuer does not answer. */
const PAUSE_MS = 5_000;

/** What a server answers that has no such issuer. With other errors, it may have one and not give its metadata just now. */
const NO_ISSUER = [400, 404, 410];

const LONGEST_QUOTE = 200;

/** The origins at the issuer that the operators' page connects to, and those that it shows in frames. */
export interface IssuerOrigins {
  readonly connect: readonly string[];
  readonly frame: readonly string[];
}

/** What an issuer says about itself: OpenID Connect Discovery 1.0, section 3. */
interface Metadata {
  readonly issuer?: unknown;
  readonly authorization_endpoint?: unknown;
  readonly token_endpoint?: unknown;
  readonly jwks_uri?: unknown;
}

/**
 * Asks the issuer whether it is the one that `AUTH_ISSUER` names, and on which hosts its endpoints are.
 *
 * A wrong issuer stops the start: no token would ever be accepted. One that does not answer does not: the floor must be able to go on
 * working after a restart, and the keys are asked for elsewhere and later. It is then asked again until it answers.
 */
export class IssuerMetadata implements BeforeApplicationShutdown {
  private readonly log = new Logger('Issuer');
  private asking: AbortController | undefined;
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;
  private known: Metadata = {};
  private reason: string | undefined;
  private readonly reminder = new Reminder();

  private constructor(private readonly issuer: string | undefined) {}

  /**
   * @param issuer undefined if the API issues tokens itself
   * @throws {EnvironmentError} if there is another issuer, or none
   */
  static async discover(issuer: string | undefined): Promise<IssuerMetadata> {
    const metadata = new IssuerMetadata(issuer);
    if (issuer === undefined) return metadata;
    try {
      await metadata.ask(issuer);
    } catch (error) {
      if (error instanceof EnvironmentError) throw error;
      metadata.note(error, issuer);
      metadata.askLater(issuer);
    }
    return metadata;
  }

  /** The issuer's own origin, and those of its endpoints as far as they are known. */
  get origins(): IssuerOrigins {
    const { issuer, known } = this;
    return {
      connect: originsOf([issuer, known.token_endpoint]),
      frame: originsOf([issuer, known.authorization_endpoint]),
    };
  }

  /** Why its metadata cannot be read, without the address; undefined if they can. */
  get problem(): string | undefined {
    return this.reason === undefined ? undefined : `the metadata at AUTH_ISSUER cannot be read: ${this.reason}`;
  }

  /** Where its keys are, if it has said so. */
  get keysUrl(): string | undefined {
    const { jwks_uri: url } = this.known;
    return typeof url === 'string' ? url.slice(0, LONGEST_QUOTE) : undefined;
  }

  beforeApplicationShutdown(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.asking?.abort();
  }

  private askLater(issuer: string): void {
    const ask = async (): Promise<void> => {
      try {
        await this.ask(issuer);
        this.reason = undefined;
        this.log.log(`AUTH_ISSUER: ${issuer} answers`);
      } catch (error) {
        if (this.isStopped) return;
        this.note(error, issuer);
        this.askLater(issuer);
      }
    };
    this.timer = setTimeout(() => void ask(), PAUSE_MS).unref();
  }

  private note(error: unknown, issuer: string): void {
    const isWrong = error instanceof EnvironmentError;
    this.reason = isWrong ? 'it is another issuer, or none' : reasonOf(error);
    const what = isWrong ? error.message : `AUTH_ISSUER: ${issuer} does not answer as it should (${this.reason})`;
    if (!this.reminder.isDue(what)) return;
    const effect = 'meanwhile, the page cannot sign in at endpoints on hosts other than the issuer’s';
    this.log.warn(`${what}. The API goes on; ${effect}. It is asked again every 5 seconds.`);
  }

  private async ask(issuer: string): Promise<void> {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const { status, text } = await this.get(url);
    // A proxy in front of an absent issuer answers with a page.
    const answer = parsedObject(text);
    if (!answer) throw new Error(`it answers ${status} without JSON`);
    if (NO_ISSUER.includes(status)) {
      throw new EnvironmentError(`AUTH_ISSUER: there is no issuer at ${issuer}: ${url} answers ${status}`);
    }
    if (status >= 400) throw new Error(`it answers ${status}`);
    if (answer.issuer !== issuer) {
      const named = JSON.stringify(answer.issuer ?? null).slice(0, LONGEST_QUOTE);
      throw new EnvironmentError(
        `AUTH_ISSUER: ${issuer} calls itself ${named}; AUTH_ISSUER must be exactly what it calls itself`,
      );
    }
    this.known = answer;
  }

  private async get(url: string): Promise<{ readonly status: number; readonly text: string }> {
    // Not AbortSignal.timeout(): joined with another signal, it may be collected before it fires.
    const asking = new AbortController();
    const timer = setTimeout(() => {
      asking.abort(new Error(`no answer in ${TIMEOUT_MS} ms`));
    }, TIMEOUT_MS);
    this.asking = asking;
    try {
      const response = await fetch(url, { headers: { accept: 'application/json' }, signal: asking.signal });
      return { status: response.status, text: await response.text() };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What `fetch` says of every failure, and of every proxy that refuses. The reason is in `cause`. */
const GENERAL = ['fetch failed', 'Request was cancelled.'];

/** Why a request to the issuer has failed. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { readonly cause?: { readonly code?: unknown } };
  // This code has a message that says more.
  if (typeof cause?.code === 'string' && cause.code !== 'UND_ERR_ABORTED') return cause.code;
  return cause !== undefined && GENERAL.includes(message) ? reasonOf(cause) : message;
}

function originsOf(addresses: readonly unknown[]): string[] {
  const urls = addresses.filter((address): address is string => typeof address === 'string' && URL.canParse(address));
  const origins = urls.map((url) => new URL(url)).filter(({ protocol }) => /^https?:$/.test(protocol));
  return [...new Set(origins.map(({ origin }) => origin))];
}

function parsedObject(text: string): Metadata | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
