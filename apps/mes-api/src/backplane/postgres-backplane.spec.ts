import { LedgerUnavailableError, type Ledger, type Tag } from '@mes/cache';
import { databaseOptions, DATABASE_DEFAULTS } from '@mes/database';
import { DataSource } from 'typeorm';
import { eventually } from '../../../../test/support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import { PostgresNotifications } from '../postgres-notifications/postgres-notifications.js';
import { PostgresEvictionRelay } from './postgres-eviction-relay.js';

/** The ledger as one instance sees it: evictions are noted, and can be held up or refused. */
class WatchedLedger {
  readonly evicted: Tag[][] = [];
  trusted = true;
  gate: Promise<void> = Promise.resolve();

  async evictOnBehalf(tags: readonly Tag[]): Promise<void> {
    if (!this.trusted) throw new LedgerUnavailableError('redis-away');
    await this.gate;
    this.evicted.push([...tags]);
  }
}

describe('PostgresEvictionRelay', () => {
  let database: TestDatabase;
  const open: { notifications: PostgresNotifications; dataSource: DataSource }[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(async () => {
    for (const { notifications, dataSource } of open.splice(0)) {
      await notifications.onApplicationShutdown();
      await dataSource.destroy();
    }
    await database.drop();
  });

  async function instance(): Promise<{ relay: PostgresEvictionRelay; ledger: WatchedLedger; dataSource: DataSource }> {
    const dataSource = new DataSource(databaseOptions({ ...DATABASE_DEFAULTS, url: database.url }));
    await dataSource.initialize();
    const ledger = new WatchedLedger();
    const notifications = new PostgresNotifications(dataSource);
    const relay = new PostgresEvictionRelay(dataSource, ledger as unknown as Ledger, notifications);
    // Longer than the test may last: what passes did not wait for it.
    Object.assign(relay, { echoDeadline: 60_000 });
    await notifications.onModuleInit();
    ledger.evicted.length = 0;
    open.push({ notifications, dataSource });
    return { relay, ledger, dataSource };
  }

  it('has the tags evicted by an instance that reaches the ledger, and waits for that', async () => {
    const [writer, other] = [await instance(), await instance()];
    let release!: () => void;
    other.ledger.gate = new Promise((resolve) => (release = resolve));
    let answered = false;
    const told = writer.relay.relay(['orders:NEW']).then(() => (answered = true));
    // The question has been heard once the other instance has answered another one.
    await other.dataSource.query(`SELECT 1`);
    expect(answered).toBe(false);
    release();
    await told;
    expect(other.ledger.evicted).toEqual([['orders:NEW']]);
    expect(writer.ledger.evicted).toEqual([]);
  });

  it('does not wait when nobody else listens', async () => {
    const writer = await instance();
    await writer.relay.relay(['orders:NEW']);
    expect(writer.ledger.evicted).toEqual([]);
  });

  it('does not wait for instances that do not trust the ledger either, but for the one that does', async () => {
    const [writer, away, connected] = [await instance(), await instance(), await instance()];
    away.ledger.trusted = false;
    await writer.relay.relay(['orders:NEW']);
    expect(connected.ledger.evicted).toEqual([['orders:NEW']]);

    connected.ledger.trusted = false;
    await writer.relay.relay(['orders:NEW']);
    expect(connected.ledger.evicted).toHaveLength(1);
  });

  it('fails when nobody can be told', async () => {
    const writer = await instance();
    await writer.dataSource.destroy();
    await expect(writer.relay.relay(['orders:NEW'])).rejects.toMatchObject({ code: 'CACHE_EVICTION_NOT_RELAYED' });
    await writer.dataSource.initialize();
  });

  it('begins a new epoch when it listens again after its connection broke', async () => {
    const { ledger, dataSource } = await instance();
    await dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'mes-orders-api relay' AND datname = current_database()`,
    );
    await eventually(() => ledger.evicted.length > 0);
    expect(ledger.evicted).toEqual([['epoch']]);
  });
});
