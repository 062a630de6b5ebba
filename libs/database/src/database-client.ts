import pg from 'pg';
import { DatabaseConnectionLostError } from './database-errors.js';
import { DATABASE_DEFAULTS } from './database-settings.js';
import { reasonOf } from './reason-of.js';
import { serverAddress } from './server-address.js';
import {
  assertFit,
  SET_UP_SESSION,
  sessionSettings,
  type SessionLimits,
  type SessionState,
} from './session-settings.js';

/** All times are in milliseconds. */
export interface DatabaseClientOptions extends Partial<SessionLimits> {
  readonly url: string;
  /** How long PostgreSQL may take to answer a query before the connection is destroyed; 0: for ever. */
  readonly queryTimeout: number;
  /** How the session is called in `pg_stat_activity`, whatever the URL says. */
  readonly applicationName?: string;
}

/** How long name resolution, TCP, TLS, authentication and the set-up of the session may take together. */
const CONNECT_TIMEOUT = 3_000;
/** How long the server may take to say goodbye. */
const END_TIMEOUT = 1_000;
/** How long a connection has to be silent before TCP asks whether the server is still there. */
const KEEP_ALIVE_DELAY = 10_000;

/**
 * A connection to PostgreSQL on which nothing waits for ever, also when the server vanishes without a word: what takes too
 * long destroys the connection, and fails with a {@link DatabaseConnectionLostError}. The limits, and the settings of the session
 * that the application relies on, cannot be overridden by the URL, the environment or the server.
 *
 * A connection that is not fit is refused with a {@link DatabaseUnfitError}.
 */
export class DatabaseClient extends pg.Client {
  /** When the server was last heard of, in the time of `performance.now()`. */
  lastHeard = 0;
  /** Told when a query has no answer in time: since when the server is silent, in the time of `performance.now()`. */
  onSilence: ((since: number) => void) | undefined;

  private readonly queryTimeout: number;
  private readonly limits: SessionLimits;

  constructor({ url, queryTimeout, applicationName, ...limits }: DatabaseClientOptions) {
    super({
      fallback_application_name: 'mes-orders-api',
      ...serverAddress(url),
      ...(applicationName === undefined ? {} : { application_name: applicationName }),
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY,
    });
    this.queryTimeout = queryTimeout;
    this.limits = { ...DATABASE_DEFAULTS, ...limits };
    this.query = this.limitEach(this.query.bind(this)) as pg.Client['query'];
    // What breaks the connection fails the query under way, or the next one. It need not end the process.
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

  /** Destroys the connection at once. What waits for an answer fails with this error. */
  discard(error: Error): void {
    this.connection.stream.destroy(error);
  }

  /**
   * Settles like the work, which the server takes part in. What is no simple query, such as a COPY, needs this to have an end.
   *
   * @param limit in milliseconds; when it is over, the connection is destroyed
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
      await super.connect();
      const settings = JSON.stringify(sessionSettings(this.limits));
      const { rows } = await this.query<SessionState & pg.QueryResultRow>(SET_UP_SESSION, [settings]);
      for (const state of rows) assertFit(state);
      return this;
    } catch (error) {
      void this.end();
      throw error;
    }
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

  /** PostgreSQL's own errors, and what is wrong with a query, stay as they are. */
  private explain(error: unknown): unknown {
    if (error instanceof pg.DatabaseError || error instanceof DatabaseConnectionLostError) return error;
    if (!this.connection.stream.destroyed) return error;
    return new DatabaseConnectionLostError(`the connection to PostgreSQL was lost: ${reasonOf(error)}`, {
      cause: error,
    });
  }

  /** Destroys the connection unless the function that it returns is called in time. */
  private expectAnswer(limit: number): () => void {
    const began = performance.now();
    let isOver = false;
    const giveUp = (): void => {
      if (isOver) return;
      this.discard(new DatabaseConnectionLostError(`PostgreSQL did not answer within ${limit} ms`));
      this.onSilence?.(began);
    };
    // The answer may be there already, if it is this process that was late: what has arrived is read before setImmediate().
    const timer = limit === 0 ? undefined : setTimeout(() => setImmediate(giveUp), limit);
    return () => {
      isOver = true;
      clearTimeout(timer);
      this.lastHeard = performance.now();
    };
  }
}

/** Any form of `pg.Client.query()`. */
type Query = (...parameters: unknown[]) => unknown;
