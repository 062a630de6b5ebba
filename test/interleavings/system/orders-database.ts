import type { Host } from './host.js';

/** The versions of an order, which is created, put on hold and resumed. */
export const CREATED = 1;
export const HELD = 2;
export const RESUMED = 3;

/** The version of each order. */
export type Orders = ReadonlyMap<string, number>;

/** The outcome of a transaction, and whether its writer learns it. */
export type Outcome =
  'committed' | 'rolled back' | 'unknown, committed' | 'unknown, committed late' | 'unknown, rolled back';

/** The transaction was rolled back. */
export class RolledBackError extends Error {}

/** The connection broke before the database reported the outcome of a commit. */
export class OutcomeUnknownError extends Error {}

/** A database of orders. Each order goes through its versions one by one. */
export class OrdersDatabase {
  readonly committed = new Map<string, number>();

  /**
   * @param onCommit runs in the transaction
   * @throws {RolledBackError}
   * @throws {OutcomeUnknownError}
   */
  async write(host: Host, id: string, version: number, outcome: Outcome, onCommit: () => void): Promise<void> {
    const commit = () => {
      this.committed.set(id, version);
      onCommit();
    };
    await host.send(`COMMIT of ${id} in version ${version} arrives (${outcome})`);
    if (outcome === 'unknown, committed late') {
      void host.steps.take(`${id} is committed late in version ${version}`).then(commit);
    } else if (!outcome.endsWith('rolled back')) {
      commit();
    }
    await host.step(`the database has answered about ${id} in version ${version}`);
    if (outcome === 'rolled back') throw new RolledBackError();
    if (outcome !== 'committed') throw new OutcomeUnknownError();
  }

  async read<T>(host: Host, question: (orders: Orders) => T): Promise<T> {
    await host.send(`query arrives at the database`);
    const result = question(this.committed);
    await host.step('the database has answered the query');
    return result;
  }
}
