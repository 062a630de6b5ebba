import pg from 'pg';

/** How many requests may wait for a connection of the pool. */
const MAX_WAITING = 500;

/** So many wait for a connection to the database already that one more would wait too long. */
export class DatabaseBusyError extends Error {
  readonly code = 'DATABASE_BUSY';

  constructor() {
    super('too many requests wait for a connection to the database');
  }
}

/** A pool whose queue is bounded: under overload, whoever comes too late is refused at once, and the others are still served. */
export class BoundedPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Parameters<pg.Pool['connect']>[0]): void;
  override connect(callback?: Parameters<pg.Pool['connect']>[0]): Promise<pg.PoolClient> | void {
    const refused = this.waitingCount >= MAX_WAITING;
    if (callback) {
      if (refused) process.nextTick(callback, new DatabaseBusyError(), undefined, () => undefined);
      else super.connect(callback);
      return;
    }
    return refused ? Promise.reject(new DatabaseBusyError()) : super.connect();
  }
}
