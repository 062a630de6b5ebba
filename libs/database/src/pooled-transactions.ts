import pg from 'pg';
import { DatabaseConnectionLostError } from './database-errors.js';
import { isTooLate, setUpTransaction, type SessionLimits, type TransactionState } from './database-settings.js';
import { ServerClock } from './server-clock.js';

/** Any form of `pg.Client.query()` without a callback. */
type Query = (...parameters: unknown[]) => Promise<unknown>;

const BEGINS = /^\s*(BEGIN|START\s+TRANSACTION)\b/i;

/**
 * The way of a client's statements through a connection pooler that may give each transaction another session. Each transaction
 * begins with {@link setUpTransaction}, in the same round trip.
 */
export class PooledTransactions {
  private readonly clock = new ServerClock();

  /**
   * @param queryTimeout time after which the client gives a statement up, in milliseconds; 0: never
   * @param onState is given PostgreSQL's answer in each transaction, and when that was sent; throws if the session cannot be used
   */
  constructor(
    private readonly client: pg.Client,
    private readonly limits: SessionLimits,
    private readonly queryTimeout: number,
    private readonly onState: (state: TransactionState, sentAt: number) => void,
  ) {}

  /**
   * Runs a statement as a transaction of its own, begins a transaction, or goes on with the one under way.
   *
   * @throws {DatabaseUnfitError} if the session cannot be used
   * @throws {DatabaseConnectionLostError} if PostgreSQL got the statement after its time, and did not execute it
   */
  async run(query: Query, parameters: readonly unknown[]): Promise<unknown> {
    if (/[TE]/.test(this.client.getTransactionStatus() ?? '')) return query(...parameters);
    const sentAt = performance.now();
    const setUp = setUpTransaction(
      this.limits,
      this.queryTimeout === 0 ? undefined : this.clock.at(sentAt + this.queryTimeout),
    );
    try {
      const [state, result] = await this.send(setUp, query, parameters);
      this.clock.note(state.now, sentAt);
      this.onState(state, sentAt);
      return result;
    } catch (error) {
      if (!isTooLate(error)) throw error;
      const lost = new DatabaseConnectionLostError(
        'PostgreSQL got the statement after its time, and did not execute it',
        { cause: error },
      );
      // The next connection compares the clocks anew.
      (this.client as unknown as { readonly connection: pg.Connection }).connection.stream.destroy(lost);
      throw lost;
    }
  }

  private async send(
    setUp: string,
    query: Query,
    [statement, values]: readonly unknown[],
  ): Promise<[TransactionState, unknown]> {
    const config = (typeof statement === 'string' ? { text: statement, values } : statement) as pg.QueryConfig;
    if (BEGINS.test(config.text)) {
      const [begun, first] = (await query(`${config.text}; ${setUp}`)) as pg.QueryResult<
        TransactionState & pg.QueryResultRow
      >[];
      return [stateIn(first), begun];
    }
    const [first, result] = await new Promise<pg.QueryResult<TransactionState & pg.QueryResultRow>[]>(
      (resolve, reject) => {
        void query(afterSetUp(setUp, config), (error: Error | null, results: unknown) => {
          if (error) reject(error);
          else resolve(results as pg.QueryResult<TransactionState & pg.QueryResultRow>[]);
        });
      },
    );
    return [stateIn(first), result];
  }
}

/**
 * A statement after its set-up, without a Sync between: PostgreSQL executes both in one transaction, and answers once.
 *
 * @see https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
function afterSetUp(setUp: string, { ...config }: pg.QueryConfig): pg.Query {
  const query = new pg.Query({ ...config, ...{ queryMode: 'extended' } });
  const submit = query.submit.bind(query);
  query.submit = (connection) => {
    connection.stream.cork();
    try {
      connection.parse({ name: '', text: setUp, types: [] }, true);
      connection.bind({}, true);
      connection.describe({ type: 'P' }, true);
      connection.execute({}, true);
      submit(connection);
    } finally {
      connection.stream.uncork();
    }
  };
  return query;
}

function stateIn(result: pg.QueryResult<TransactionState & pg.QueryResultRow> | undefined): TransactionState {
  const [state] = result?.rows ?? [];
  if (!state) throw new Error('PostgreSQL has not answered the set-up of the transaction');
  return state;
}
