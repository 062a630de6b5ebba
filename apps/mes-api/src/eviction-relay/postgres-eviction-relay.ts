import { randomUUID } from 'node:crypto';
import { EPOCH, EvictionNotRelayedError, EvictionRelay, Ledger, LedgerUnavailableError, type Tag } from '@mes/cache';
import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { LISTENING_CONNECTION, PostgresNotifications } from '../postgres-notifications/postgres-notifications.js';
import { EVICTIONS_CHANNEL } from './evictions-channel.js';

/** Of a notification: what to evict, and, if an instance waits for an answer, who that is and for which question. */
interface Eviction {
  readonly tags: readonly Tag[];
  readonly origin?: string;
  readonly question?: string;
}

interface Echo {
  readonly question: string;
  /** False if the answering instance does not trust the ledger either, and so gives out nothing that is stored. */
  readonly evicted: boolean;
}

interface Pending {
  /** Instances that do not trust the ledger. */
  distrusting: number;
  /** How many instances could answer; not known before the question was sent. */
  others: number;
  readonly resolve: () => void;
}

const ECHOES_CHANNEL = 'mes_echoes';

/**
 * Tells the instances of each other's writes by PostgreSQL's LISTEN and NOTIFY, where the ledger cannot: when the writing
 * instance does not reach Redis, and when somebody writes behind the API's back, which a trigger notifies of.
 */
@Injectable()
export class PostgresEvictionRelay extends EvictionRelay {
  /** How long a write waits for an answer, in milliseconds. An instance that hears of it answers within a few. */
  readonly echoDeadline = 500;
  private readonly logger = new Logger(PostgresEvictionRelay.name);
  private readonly instance = randomUUID();
  private readonly pending = new Map<string, Pending>();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly ledger: Ledger,
    private readonly notifications: PostgresNotifications,
  ) {
    super();
    notifications.listen(ECHOES_CHANNEL, (payload) =>
      this.hear(() => {
        this.hearEcho(JSON.parse(payload) as Echo);
      }),
    );
    notifications.listen(EVICTIONS_CHANNEL, (payload) =>
      this.hear(() => this.hearEviction(JSON.parse(payload) as Eviction)),
    );
    notifications.onConnected(async () => {
      await this.evict([EPOCH]);
    });
  }

  override async relay(tags: readonly Tag[]): Promise<void> {
    const question = randomUUID();
    const answered = new Promise<void>((resolve) => {
      this.pending.set(question, { distrusting: 0, others: Infinity, resolve });
    });
    let timer: NodeJS.Timeout | undefined;
    const outOfTime = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.echoDeadline)));
    try {
      const others = await this.ask({ question, origin: this.instance, tags });
      this.settle(question, (pending) => (pending.others = others));
      await Promise.race([answered, outOfTime]);
    } catch (error) {
      throw new EvictionNotRelayedError('the other instances could not be told of a write', { cause: error });
    } finally {
      clearTimeout(timer);
      this.pending.delete(question);
    }
  }

  /** Sends the question. Resolves with how many other instances listen. */
  private async ask(eviction: Eviction): Promise<number> {
    const [row] = await this.dataSource.query<{ listeners: number }[]>(
      `SELECT pg_notify($1, $2), (SELECT count(*)::integer FROM pg_stat_activity
        WHERE application_name = $3 AND datname = current_database()) AS listeners`,
      [EVICTIONS_CHANNEL, JSON.stringify(eviction), LISTENING_CONNECTION],
    );
    return Math.max(0, (row?.listeners ?? 0) - (this.notifications.isConnected ? 1 : 0));
  }

  private settle(question: string, update: (pending: Pending) => void): void {
    const pending = this.pending.get(question);
    if (!pending) return;
    update(pending);
    if (pending.distrusting >= pending.others) pending.resolve();
  }

  private async hear(act: () => void | Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.logger.error(`could not act on a notification: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private hearEcho({ question, evicted }: Echo): void {
    this.settle(question, (pending) => {
      if (evicted) pending.resolve();
      else pending.distrusting += 1;
    });
  }

  private async hearEviction({ tags, origin, question }: Eviction): Promise<void> {
    if (origin === this.instance) return;
    const evicted = await this.evict(tags);
    if (question === undefined) return;
    const echo: Echo = { question, evicted };
    await this.dataSource.query('SELECT pg_notify($1, $2)', [ECHOES_CHANNEL, JSON.stringify(echo)]);
  }

  /** Resolves with false if the ledger is not trusted: then everything will be evicted before it is. */
  private async evict(tags: readonly Tag[]): Promise<boolean> {
    try {
      await this.ledger.evictOnBehalf(tags);
      return true;
    } catch (error) {
      if (error instanceof LedgerUnavailableError) return false;
      throw error;
    }
  }
}
