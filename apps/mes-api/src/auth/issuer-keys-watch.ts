import { Reminder } from '@mes/cache';
import { Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { FAILURE_PAUSE_MS, IssuerKeys } from './issuer-keys.js';
import { reasonOf, type IssuerMetadata } from './issuer-metadata.js';

/**
 * Asks for the keys of the issuer at the start, and again until they come, since every token is refused without them. The log says why
 * they do not come, and when they do. They do not stop the start: the issuer may be away for a while only.
 */
export class IssuerKeysWatch implements BeforeApplicationShutdown {
  readonly keys: IssuerKeys;
  private readonly log = new Logger('Issuer');
  private readonly reminder = new Reminder();
  private reason: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  /** Where the keys are, without the query, which may have a secret. */
  private readonly place: string;
  /** Whether the end of the last failure is worth a line, because its begin was. */
  private endIsNews = false;

  private constructor(
    private readonly url: string,
    private readonly metadata: IssuerMetadata,
  ) {
    const { origin, pathname } = new URL(url);
    this.place = origin + pathname;
    this.keys = new IssuerKeys(new URL(url), {
      onOutcome: (failure) => {
        this.note(failure);
      },
    });
  }

  static async begin(url: string, metadata: IssuerMetadata): Promise<IssuerKeysWatch> {
    const watch = new IssuerKeysWatch(url, metadata);
    await watch.keys.refresh();
    return watch;
  }

  /** Why the keys, or at least the metadata, cannot be used, without the address; undefined if they can. */
  get problem(): string | undefined {
    return this.keysProblem ?? this.metadata.problem;
  }

  /** Why the keys cannot be used, without the address; undefined if they can. */
  get keysProblem(): string | undefined {
    return this.reason === undefined ? undefined : `the keys at AUTH_JWKS_URL cannot be used: ${this.reason}`;
  }

  beforeApplicationShutdown(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private note(failure: unknown): void {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    if (failure === undefined) {
      this.reason = undefined;
      if (this.endIsNews) this.log.log(`AUTH_JWKS_URL: the keys at ${this.place} can be used`);
      this.endIsNews = false;
      return;
    }
    this.reason = reasonOf(failure);
    this.timer = setTimeout(() => void this.keys.refresh(), FAILURE_PAUSE_MS).unref();
    const line = `AUTH_JWKS_URL: the keys at ${this.place} cannot be used (${this.reason})${this.remedy}. ${this.effect}`;
    if (!this.reminder.isDue(line)) return;
    this.endIsNews = true;
    this.log.warn(line);
  }

  private get remedy(): string {
    const { keysUrl } = this.metadata;
    return keysUrl === undefined || keysUrl === this.url ? '' : `: the issuer names ${keysUrl} for its keys`;
  }

  private get effect(): string {
    return this.keys.areKnown ? 'Tokens with known keys are accepted for a day.' : 'Every token is refused with 503.';
  }
}
