import { randomUUID } from 'node:crypto';
import { EPOCH, EvictionNotRelayedError, EvictionRelay, Ledger, LedgerUnavailableError, type Tag } from '@mes/cache';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';

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

const EVICTIONS = 'mes_evictions';
const ECHOES = 'mes_echoes';
/** By this name in `pg_stat_activity` the instances are counted. */
const LISTENER = 'mes-orders-api relay';
const RECONNECT_INTERVAL = 250;

/**
 * Tells the instances of each other's writes by PostgreSQL's LISTEN and NOTIFY, where the ledger cannot: when the writing
 * instance does not reach Redis, and when somebody writes behind the API's back, which a trigger notifies of.
 */
@Injectable()
export class PostgresEvictionRelay extends EvictionRelay implements OnModuleInit, OnApplicationShutdown {
  /** How long a write waits for an answer, in milliseconds. An instance that hears of it answers within a few. */
  readonly echoDeadline = 500;
  private readonly logger = new Logger(PostgresEvictionRelay.name);
  private readonly instance = randomUUID();
  private readonly pending = new Map<string, Pending>();
  private listener: pg.Client | undefined;
  private reconnect: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly ledger: Ledger,
  ) {
    super();
  }

  async onModuleInit(): Promise<void> {
    await this.listen();
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    clearTimeout(this.reconnect);
    await this.listener?.end();
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
      [EVICTIONS, JSON.stringify(eviction), LISTENER],
    );
    return Math.max(0, (row?.listeners ?? 0) - (this.listener ? 1 : 0));
  }

  private settle(question: string, update: (pending: Pending) => void): void {
    const pending = this.pending.get(question);
    if (!pending) return;
    update(pending);
    if (pending.distrusting >= pending.others) pending.resolve();
  }

  private async listen(): Promise<void> {
    const { url } = this.dataSource.options as PostgresDataSourceOptions;
    const client = new pg.Client({ connectionString: url, application_name: LISTENER, keepAlive: true });
    client.on('error', (error) => {
      this.logger.warn(`the connection that listens for writes broke: ${error.message}`);
    });
    client.on('end', () => {
      this.listenAgain();
    });
    client.on('notification', ({ channel, payload = '' }) => void this.hear(channel, payload));
    try {
      await client.connect();
      await client.query(`LISTEN ${EVICTIONS}`);
      await client.query(`LISTEN ${ECHOES}`);
      this.listener = client;
      // Nobody knows what was notified while nobody listened.
      await this.evict([EPOCH]);
    } catch (error) {
      this.logger.warn(`cannot listen for writes: ${error instanceof Error ? error.message : String(error)}`);
      await client.end().catch(() => undefined);
      this.listenAgain();
    }
  }

  private listenAgain(): void {
    this.listener = undefined;
    if (this.closed) return;
    clearTimeout(this.reconnect);
    this.reconnect = setTimeout(() => void this.listen(), RECONNECT_INTERVAL);
  }

  private async hear(channel: string, payload: string): Promise<void> {
    try {
      if (channel === ECHOES) this.hearEcho(JSON.parse(payload) as Echo);
      else await this.hearEviction(JSON.parse(payload) as Eviction);
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
    await this.dataSource.query('SELECT pg_notify($1, $2)', [ECHOES, JSON.stringify(echo)]);
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
