import type { Duplex } from 'node:stream';
import pg from 'pg';
import { DatabaseConnectionLostError, reasonOf } from './database-errors.js';
import {
  assertFit,
  DATABASE_DEFAULTS,
  READABLE_DATES,
  SET_UP_SESSION,
  sessionSettings,
  type SessionLimits,
  type SessionState,
} from './database-settings.js';
import { PooledTransactions } from './pooled-transactions.js';
import { DatabaseUrlError, serverAddress } from './server-address.js';

/**
 * Options of a {@link DatabaseClient}. All times are in milliseconds.
 *
 * @publicApi
 */
export interface DatabaseClientOptions extends Partial<SessionLimits> {
  /** URL of the database. */
  readonly url: string;
  /** Time limit for PostgreSQL's answer to a query, after which the connection is destroyed; 0: none. */
  readonly queryTimeout: number;
  /** Name of the session in `pg_stat_activity`; wins over the URL. */
  readonly applicationName?: string;
  /**
   * Whether the URL may lead to a connection pooler in transaction mode. Each transaction then sets its own limits, in the same round
   * trip. Nothing that outlasts a transaction works.
   */
  readonly isPooled?: boolean | undefined;
  /** Is told of each statement. */
  readonly onStatement?: StatementListener | undefined;
}

/**
 * Is told of a statement before it is sent, and returns a function that is called at its end, with its error if it failed. The
 * text has no values of parameters.
 *
 * @publicApi
 */
export type StatementListener = (
  text: string,
  server: Pick<pg.Client, 'host' | 'port' | 'database'>,
) => ((error?: unknown) => void) | undefined;

/**
 * A server of PostgreSQL that was reached.
 *
 * @publicApi
 */
export interface ReachedServer {
  /** Tells the server, since its last start, from all others. */
  readonly server: string;
  /** When the way there was taken, as `performance.now()`: the start of the connection, or of the transaction through a pooler. */
  readonly at: number;
}

/** Time limit for name resolution, TCP, TLS, authentication and the set-up of the session together, in milliseconds. */
const CONNECT_TIMEOUT = 3_000;
/** Time limit for the server to close the connection, in milliseconds. */
const END_TIMEOUT = 1_000;
/**
 * A time limit is counted in so many steps. A process that was busy for long counts no more than one of them, and does not blame
 * the server for its own delay.
 */
const STEPS = 4;
/** Silence after which TCP checks that the server is still there, in milliseconds. */
const KEEP_ALIVE_DELAY = 10_000;

/**
 * A connection to PostgreSQL with a time limit for everything, so that nothing waits for ever when the server vanishes. A query
 * that exceeds its limit fails with a {@link DatabaseConnectionLostError}, and the connection is destroyed. Neither the URL, nor
 * the environment, nor the server can override the limits and the settings that the application relies on.
 *
 * `connect()` fails with a {@link DatabaseUnfitError} if the application cannot work with the session.
 *
 * @publicApi
 */
export class DatabaseClient extends pg.Client {
  /** Time of the last answer, as `performance.now()`. */
  lastHeard = 0;
  /** Called when a query has no answer in time, with the time of its start, as `performance.now()`. */
  onSilence: ((since: number) => void) | undefined;

  /** The server that answers; undefined before the first answer. */
  reached: ReachedServer | undefined;
  /** Called each time when it is known which server answers. */
  onReached: ((reached: ReachedServer) => void) | undefined;

  /** Are told of each statement. */
  readonly statementListeners: StatementListener[];

  private readonly queryTimeout: number;
  private readonly limits: SessionLimits;

  private readonly isPooled: boolean;
  /** Why it cannot connect: a file that the URL names may be gone. */
  private readonly urlProblem: DatabaseUrlError | undefined;

  constructor({ url, queryTimeout, applicationName, isPooled = false, onStatement, ...limits }: DatabaseClientOptions) {
    const address = addressOrProblem(url);
    super({
      fallback_application_name: 'mes-orders-api',
      ...(address instanceof DatabaseUrlError ? {} : address),
      ...(applicationName === undefined ? {} : { application_name: applicationName }),
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY,
    });
    this.urlProblem = address instanceof DatabaseUrlError ? address : undefined;
    this.breakWhereUnreadable();
    this.queryTimeout = queryTimeout;
    this.limits = { ...DATABASE_DEFAULTS, ...limits };
    this.statementListeners = onStatement ? [onStatement] : [];
    this.isPooled = isPooled;
    const query: Query = this.query.bind(this);
    this.query = this.observed(this.limitEach(isPooled ? this.pooled(query) : query)) as pg.Client['query'];
    // The query under way, or the next one, reports a broken connection. Without a listener it would end the process.
    this.on('error', () => undefined);
  }

  override connect(): Promise<this>;
  override connect(callback: ((error: Error) => void) | ((error: null, client: pg.Client) => void)): void;
  override connect(callback?: (error: never, client: never) => void): Promise<this> | void {
    const connected = this.within(CONNECT_TIMEOUT, () => this.connectAndSetUp());
    if (!callback) return connected;
    connected.then(
      () => {
        callback(null as never, this as never);
      },
      callback as (error: unknown) => void,
    );
  }

  /** Resolves when the connection is closed. */
  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): Promise<void> | void {
    setTimeout(() => this.connection.stream.destroy(), END_TIMEOUT).unref();
    if (!callback) return super.end();
    super.end(callback);
  }

  /** Destroys the connection at once. Queries that wait for an answer fail with this error. */
  discard(error: Error): void {
    this.connection.stream.destroy(error);
  }

  /**
   * Sets a time limit for work on this connection that is not one query, such as a COPY. Settles like the work.
   *
   * @param limit in milliseconds; after it the connection is destroyed
   */
  async within<T>(limit: number, work: () => Promise<T>): Promise<T> {
    const done = this.expectAnswer(limit);
    try {
      return await work();
    } finally {
      done();
    }
  }

  private async connectAndSetUp(): Promise<this> {
    try {
      if (this.urlProblem) throw this.urlProblem;
      const began = performance.now();
      await super.connect();
      if (this.isPooled) {
        // Its transaction sees whether PostgreSQL is fit for use, and what time it is there.
        await this.query('SELECT');
        return this;
      }
      const settings = JSON.stringify(sessionSettings(this.limits));
      const { rows } = await this.query<SessionState & pg.QueryResultRow>(SET_UP_SESSION, [settings]);
      for (const state of rows) this.noteState(state, began);
      return this;
    } catch (error) {
      void this.end();
      throw error;
    }
  }

  /**
   * A server that says what node-postgres cannot read, such as one that is no PostgreSQL, breaks the connection. Otherwise the error
   * would end the process, since it is thrown where nobody waits.
   */
  private breakWhereUnreadable(): void {
    const connection = this.connection as pg.Connection & { attachListeners: (stream: Duplex) => void };
    const attach = connection.attachListeners.bind(connection);
    connection.attachListeners = (stream) => {
      attach(stream);
      const readers = stream.listeners('data') as ((chunk: Buffer) => void)[];
      stream.removeAllListeners('data').on('data', (chunk: Buffer) => {
        try {
          for (const read of readers) read(chunk);
        } catch (error) {
          this.discard(error as Error);
        }
      });
    };
  }

  /** The settings of node-postgres that PgBouncer keeps for each of its clients. */
  protected getStartupConf(): Readonly<Record<string, string>> {
    const settings = (super['getStartupConf' as never] as () => Readonly<Record<string, string>>).call(this);
    return { ...settings, ...(this.isPooled ? READABLE_DATES : {}) };
  }

  private pooled(query: Query): Query {
    const transactions = new PooledTransactions(this, this.limits, this.queryTimeout, (state, sentAt) => {
      this.noteState(state, sentAt);
    });
    return (...parameters) => {
      const callback = parameters.at(-1);
      if (typeof callback !== 'function') return transactions.run(query as never, parameters);
      const end = callback as (...outcome: unknown[]) => void;
      transactions.run(query as never, parameters.slice(0, -1)).then(
        (result) => {
          end(null, result);
        },
        (error: unknown) => {
          end(error);
        },
      );
      return undefined;
    };
  }

  /** @throws {DatabaseUnfitError} */
  private noteState(state: SessionState, at: number): void {
    this.reached = { server: state.server, at };
    this.onReached?.(this.reached);
    assertFit(state);
  }

  private limitEach(query: Query): Query {
    return (...parameters) => {
      const callback = parameters.at(-1);
      if (typeof callback === 'function') {
        const done = this.expectAnswer(this.queryTimeout);
        return query(...parameters.slice(0, -1), (error: unknown, ...result: unknown[]) => {
          done();
          (callback as (...outcome: unknown[]) => void)(error && this.explain(error), ...result);
        });
      }
      const result = query(...parameters);
      if (!(result instanceof Promise)) return result;
      const done = this.expectAnswer(this.queryTimeout);
      return result.finally(done).catch((error: unknown) => {
        throw this.explain(error);
      });
    };
  }

  private observed(query: Query): Query {
    return (...parameters) => {
      const [statement] = parameters;
      const text = typeof statement === 'string' ? statement : (statement as { readonly text?: unknown }).text;
      if (typeof text !== 'string') return query(...parameters);
      const ends = this.statementListeners.flatMap((listener) => listener(text, this) ?? []);
      if (ends.length === 0) return query(...parameters);
      const onEnd = (error?: unknown): void => {
        for (const end of ends) end(error);
      };
      const onDone = (): void => {
        onEnd();
      };
      const callback = parameters.at(-1);
      if (typeof callback === 'function') {
        return query(...parameters.slice(0, -1), (error: unknown, ...result: unknown[]) => {
          onEnd(error);
          (callback as (...outcome: unknown[]) => void)(error, ...result);
        });
      }
      const result = query(...parameters);
      if (result instanceof Promise) result.then(onDone, onEnd);
      else onDone();
      return result;
    };
  }

  /** Turns an error of a broken connection into a DatabaseConnectionLostError. Other errors stay as they are. */
  private explain(error: unknown): unknown {
    if (error instanceof pg.DatabaseError || error instanceof DatabaseConnectionLostError) return error;
    if (!this.connection.stream.destroyed) return error;
    return new DatabaseConnectionLostError(`the connection to PostgreSQL was lost: ${reasonOf(error)}`, {
      cause: error,
    });
  }

  /** Starts a time limit, after which the connection is destroyed. The function that it returns ends the limit. */
  private expectAnswer(limit: number): () => void {
    const began = performance.now();
    let isOver = false;
    const giveUp = (): void => {
      if (isOver) return;
      this.discard(new DatabaseConnectionLostError(`PostgreSQL did not answer within ${limit} ms`));
      this.onSilence?.(began);
    };
    let left = STEPS;
    const count = (): void => {
      left -= 1;
      if (left > 0) return;
      clearInterval(timer);
      // The answer may have arrived already: Node reads it before setImmediate().
      setImmediate(giveUp);
    };
    const timer = limit === 0 ? undefined : setInterval(count, Math.ceil(limit / STEPS));
    return () => {
      isOver = true;
      clearInterval(timer);
      this.lastHeard = performance.now();
    };
  }
}

function addressOrProblem(url: string): pg.ClientConfig | DatabaseUrlError {
  try {
    return serverAddress(url);
  } catch (error) {
    if (error instanceof DatabaseUrlError) return error;
    throw error;
  }
}

/** Any form of `pg.Client.query()`. */
type Query = (...parameters: unknown[]) => unknown;
