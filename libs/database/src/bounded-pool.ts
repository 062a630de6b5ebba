import pg from 'pg';
import { DatabaseClient, type ReachedServer, type StatementListener } from './database-client.js';
import { DatabaseConnectionLostError, DatabaseUnavailableError, reasonOf } from './database-errors.js';

/** Maximum number of requests that wait for a connection of the pool. */
const MAX_WAITING = 500;
/** What pg-pool says if all connections were in use for too long. It tells nothing of opening one. */
const ALL_IN_USE = 'timeout exceeded when trying to connect';
/** Time after which connections that work outweigh one that could not be opened, in milliseconds. */
const FORGIVEN_AFTER = 30_000;

type ConnectCallback = Parameters<pg.Pool['connect']>[0];

/**
 * A connection pool with a bounded queue: under overload it refuses further requests at once and still serves the others.
 *
 * When one connection has no answer in time, the pool discards all connections that have been silent as long. If the server has
 * vanished, they are dead too, and each would cost a request the whole time limit.
 *
 * When the way leads to another server, as after a failover of a name, connections to the former one serve no further request, even if
 * it goes on.
 *
 * @publicApi
 */
export class BoundedPool extends pg.Pool {
  /** Requests that were refused because too many waited already. */
  refused = 0;
  /** Why the last attempt to open a connection failed; undefined once one has succeeded, or if older connections go on to serve. */
  connectFailure: unknown;
  /** Are told of each statement. */
  readonly statementListeners: StatementListener[] = [];
  private readonly connections = new Set<DatabaseClient>();
  private readonly inUse = new Set<pg.Client>();
  private failedAt = -Infinity;
  private latest: ReachedServer | undefined;

  constructor(config: pg.PoolConfig) {
    super(config);
    this.on('connect', (client) => {
      this.connectFailure = undefined;
      if (client instanceof DatabaseClient) this.watch(client);
    });
    this.on('acquire', (client) => {
      this.inUse.add(client);
      if (performance.now() - this.failedAt > FORGIVEN_AFTER) this.connectFailure = undefined;
    });
    this.on('release', (_, client) => {
      this.inUse.delete(client);
      // The pool keeps no connection that is being closed.
      if (client instanceof DatabaseClient && this.isSuperseded(client)) void client.end();
    });
  }

  /** The server that the latest of all ways has led to, since its last start; undefined before the first answer. */
  get server(): string | undefined {
    return this.latest?.server;
  }

  /** @throws {DatabaseUnavailableError} */
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    const refusal =
      this.waitingCount < MAX_WAITING
        ? undefined
        : new DatabaseUnavailableError('too many requests wait for a connection already');
    if (refusal) this.refused += 1;
    if (!callback) {
      return refusal
        ? Promise.reject(refusal)
        : super.connect().catch((error: unknown) => Promise.reject(this.toUnavailable(error)));
    }
    if (refusal) process.nextTick(callback, refusal, undefined, () => undefined);
    else
      super.connect((error, ...rest) => {
        callback(error && this.toUnavailable(error), ...rest);
      });
  }

  /** Discards the connections that are not in use: they may lead to a server that has vanished. */
  discardIdle(): void {
    this.discard((client) => !this.inUse.has(client), 'the connection was not in use while PostgreSQL was silent');
  }

  /**
   * Notes that a connection, of this pool or beside it, has reached a server. If no way was taken later, connections to other servers
   * are closed: those not in use at once, the others when they are released, so that transactions under way can end.
   */
  follow(reached: ReachedServer): void {
    if (this.latest && reached.at < this.latest.at) return;
    const isOther = reached.server !== this.server;
    this.latest = reached;
    if (!isOther) return;
    this.discard(
      (client) => !this.inUse.has(client) && this.isSuperseded(client),
      'the way to PostgreSQL leads to another server by now',
    );
  }

  /** Discards all connections. Queries under way fail. */
  discardAll(): void {
    this.discard(() => true, 'the connection was given up');
  }

  private watch(client: DatabaseClient): void {
    this.connections.add(client);
    client.once('end', () => {
      this.connections.delete(client);
      this.inUse.delete(client);
    });
    client.statementListeners.push((...statement) => {
      const ends = this.statementListeners.flatMap((listener) => listener(...statement) ?? []);
      return (error) => {
        for (const end of ends) end(error);
      };
    });
    client.onReached = (reached) => {
      this.follow(reached);
    };
    if (client.reached) this.follow(client.reached);
    client.onSilence = (since) => {
      this.discard(({ lastHeard }) => lastHeard < since, 'PostgreSQL did not answer on another connection, either');
    };
  }

  private isSuperseded({ reached }: DatabaseClient): boolean {
    return reached?.server !== this.server;
  }

  private discard(isConcerned: (client: DatabaseClient) => boolean, reason: string): void {
    for (const client of this.connections) {
      if (isConcerned(client)) client.discard(new DatabaseConnectionLostError(reason));
    }
  }

  private toUnavailable(error: unknown): DatabaseUnavailableError {
    if (reasonOf(error) !== ALL_IN_USE) {
      this.connectFailure = error;
      this.failedAt = performance.now();
    }
    return new DatabaseUnavailableError(reasonOf(error), { cause: error });
  }
}
