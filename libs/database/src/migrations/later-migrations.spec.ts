import pg from 'pg';
import { DataSource } from 'typeorm';
import { eventually } from '../../../../test/support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import { databaseOptions } from '../database-options.js';
import { DATABASE_DEFAULTS } from '../database-settings.js';
import { prepareDatabase } from '../prepare-database.js';
import { KeepChangesOfOrders1764600000000 } from './1764600000000-keep-changes-of-orders.js';
import { CountByPriority1764700000000 } from './1764700000000-count-by-priority.js';
import { SearchAsTyped1764800000000 } from './1764800000000-search-as-typed.js';
import { ListByHoldReason1764900000000 } from './1764900000000-list-by-hold-reason.js';
import { CountMilestones1765000000000 } from './1765000000000-count-milestones.js';
import { FindWordStarts1765300000000 } from './1765300000000-find-word-starts.js';
import { FindLateOrders1765100000000 } from './1765100000000-find-late-orders.js';
import { SearchComposed1765400000000 } from './1765400000000-search-composed.js';
import { ArchiveOrders1765200000000 } from './1765200000000-archive-orders.js';

const INSERT = `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by,
  status, assignee) SELECT gen_random_uuid(), 'CRM', 'C-1', `;

/** The condition for orders without history. */
const UNTOUCHED = 'NOT EXISTS (SELECT FROM order_status_changes c WHERE c.order_id = o.id)';

/** Inserts orders of all priorities and of some statuses. */
const INSERT_VARIED = `${INSERT} 'Анна', 'Ring', 'Gold 585', 1, (enum_range(NULL::order_priority))[1 + n % 4], 'sql',
  (ARRAY['NEW', 'MANUFACTURING_STARTED', 'CLOSED'])[1 + n % 3]::order_status, 'olga' FROM generate_series(1, 50) AS n`;

function insertCustomers(...names: readonly string[]): string {
  return `${INSERT} name, 'Ring', 'Gold 585', 1, 'NORMAL', 'sql', 'NEW', NULL FROM unnest(ARRAY['${names.join("', '")}']) AS name`;
}

describe('a later migration', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let writer: pg.Client;

  beforeEach(async () => {
    database = await createTestDatabase();
    await prepareDatabase({ url: database.url, patience: 60_000 });
    dataSource = await new DataSource(databaseOptions({ ...DATABASE_DEFAULTS, url: database.url })).initialize();
    writer = new pg.Client(database.url);
    await writer.connect();
  });

  afterEach(async () => {
    await writer.end();
    await dataSource.destroy();
    await database.drop();
  });

  /** Takes the schema back to the time before a migration. */
  async function undo(name: string): Promise<void> {
    const isApplied = async (): Promise<boolean> =>
      (await dataSource.query<unknown[]>('SELECT FROM schema_migrations WHERE name = $1', [name])).length > 0;
    while (await isApplied()) await dataSource.undoLastMigration();
  }

  /** Migrates while a writer has not committed yet, and checks that the migration waits for it. */
  async function migrateDuring(write: string): Promise<void> {
    await writer.query('BEGIN');
    await writer.query(write);
    const migrated = prepareDatabase({ url: database.url, patience: 0 });
    await eventually(
      async () =>
        (
          await dataSource.query<unknown[]>(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          )
        ).length > 0,
    );
    await writer.query('COMMIT');
    await migrated;
  }

  describe('that keeps changes of orders', () => {
    const { name } = new KeepChangesOfOrders1764600000000();
    const INSERT_HELD = `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority,
      created_by, status, previous_status)
      VALUES (gen_random_uuid(), 'CRM', 'C-1', 'held', 'Ring', 'Gold 585', 1, 'LOW', 'sql', 'ON_HOLD', 'NEW')`;

    async function reasons(): Promise<unknown> {
      const sql = 'SELECT customer_name AS name, status, hold_reason AS reason FROM orders ORDER BY 1, 2, 3';
      return dataSource.query(sql);
    }

    it('gives a reason to each pause that there is, those of present writers, and each later one without', async () => {
      await undo(name);
      await writer.query(insertCustomers('new'));
      await writer.query(INSERT_HELD);
      await migrateDuring(INSERT_HELD);
      const held = { name: 'held', status: 'ON_HOLD', reason: 'OTHER' };
      expect(await reasons()).toEqual([held, held, { name: 'new', status: 'NEW', reason: null }]);
      // An earlier version of the API, which knows no reasons, holds an order and lets the others go on.
      await writer.query(
        `UPDATE orders SET previous_status = status, status = CASE status WHEN 'NEW' THEN 'ON_HOLD'::order_status ELSE 'NEW' END`,
      );
      const goesOn = { name: 'held', status: 'NEW', reason: null };
      expect(await reasons()).toEqual([goesOn, goesOn, { ...held, name: 'new' }]);
    });

    it('leaves the history that there is, before and after it', async () => {
      await writer.query(INSERT_HELD);
      await writer.query(
        `INSERT INTO order_status_changes SELECT id, 2, 'NEW', 'ON_HOLD', 'sql', now(), 'why' FROM orders`,
      );
      await writer.query(
        `INSERT INTO order_status_changes (order_id, version, changed_by, changed_at, changes)
         SELECT id, 3, 'sql', now(), '[{"field": "priority", "from": "LOW", "to": "HIGH"}]' FROM orders`,
      );
      await undo(name);
      const steps = 'SELECT from_status AS from, to_status AS to, comment FROM order_status_changes';
      const left = [{ from: 'NEW', to: 'ON_HOLD', comment: 'why' }];
      expect(await dataSource.query(steps)).toEqual(left);
      await dataSource.runMigrations();
      expect(await dataSource.query(steps)).toEqual(left);
    });

    it('refuses a row of history that is neither a status change nor a change of fields, or both', async () => {
      await writer.query(INSERT_HELD);
      const insert = (columns: string, values: string): Promise<unknown> =>
        dataSource.query(
          `INSERT INTO order_status_changes (order_id, version, changed_by, changed_at, ${columns})
           SELECT id, 2, 'sql', now(), ${values} FROM orders`,
        );
      for (const [columns, values] of [
        ['comment', `'neither'`],
        ['from_status', `'NEW'`],
        ['from_status, to_status, changes', `'NEW', 'CANCELLED', '[]'`],
        ['from_status, to_status, reason', `'NEW', 'CANCELLED', 'BREAK'`],
      ] as const) {
        await expect(insert(columns, values)).rejects.toMatchObject({ code: '23514' });
      }
    });
  });

  describe('that counts by priority', () => {
    const { name } = new CountByPriority1764700000000();

    async function expectTrueCounts(): Promise<void> {
      const counted = await dataSource.query<unknown[]>(
        `SELECT status, priority, sum(count)::integer AS count FROM order_status_counts
         GROUP BY status, priority HAVING sum(count) <> 0 ORDER BY status, priority`,
      );
      const found = 'SELECT status, priority, count(*)::integer FROM orders GROUP BY status, priority ORDER BY 1, 2';
      expect(counted).toEqual(await dataSource.query(found));
      expect(counted.length).toBeGreaterThan(4);
    }

    it('counts the orders that there are, those of present writers, and each later change', async () => {
      await undo(name);
      await writer.query(INSERT_VARIED);
      await migrateDuring(INSERT_VARIED);
      await expectTrueCounts();
      for (const change of [
        `UPDATE orders SET priority = 'URGENT' WHERE status = 'NEW'`,
        `UPDATE orders SET status = 'CANCELLED', priority = 'LOW' WHERE status = 'CLOSED' AND priority = 'HIGH'`,
        `DELETE FROM orders WHERE priority = 'NORMAL'`,
        INSERT_VARIED,
      ]) {
        await writer.query(change);
        await expectTrueCounts();
      }
    });

    it('leaves the sums by status, which earlier versions read, before and after it', async () => {
      const byStatus = (): Promise<unknown> =>
        dataSource.query('SELECT status, sum(count)::integer FROM order_status_counts GROUP BY status ORDER BY status');
      await writer.query(INSERT_VARIED);
      const before = await byStatus();
      await undo(name);
      expect(await byStatus()).toEqual(before);
      await dataSource.runMigrations();
      expect(await byStatus()).toEqual(before);
    });
  });

  describe('that changes the searched form of text', () => {
    const { name } = new SearchAsTyped1764800000000();

    async function customersWith(text: string): Promise<string[]> {
      const rows = await dataSource.query<{ customer: string }[]>(
        'SELECT customer_name AS customer FROM orders WHERE search_text LIKE search_text($1) ORDER BY number',
        [`%${text}%`],
      );
      return rows.map(({ customer }) => customer);
    }

    it('changes the text of all orders, batch by batch, and of present writers', async () => {
      await undo(name);
      await writer.query(insertCustomers('Алёна', 'Пётр  Ильич', 'Anna'));
      expect(await customersWith('алена')).toEqual([]);
      await writer.query('ALTER TABLE orders DISABLE TRIGGER USER');
      await writer.query(
        `${INSERT} 'Bob', 'Ring', 'Gold 585', 1, 'LOW', 'sql', 'NEW', NULL FROM generate_series(1, 20000)`,
      );
      await writer.query('ALTER TABLE orders ENABLE TRIGGER USER');
      await writer.query(insertCustomers('Алёна вторая'));
      await migrateDuring(insertCustomers('Алёна третья'));
      expect(await customersWith('алена')).toEqual(['Алёна', 'Алёна вторая', 'Алёна третья']);
      expect(await customersWith('петр ильич')).toEqual(['Пётр  Ильич']);
      expect(await customersWith('anna')).toEqual(['Anna']);

      await undo(name);
      expect(await customersWith('алёна')).toHaveLength(3);
      expect(await customersWith('алена')).toEqual([]);
    });

    it('begins again after an interruption', async () => {
      await undo(name);
      await writer.query(insertCustomers('Алёна', 'Фёдор'));
      // The order cannot be changed as long as another transaction has its row.
      await writer.query('BEGIN');
      await writer.query(`SELECT FROM orders WHERE customer_name = 'Фёдор' FOR UPDATE`);
      await expect(prepareDatabase({ url: database.url, patience: 0 })).rejects.toMatchObject({
        code: 'DATABASE_NOT_READY',
      });
      expect(await customersWith('федор')).toEqual([]);
      await writer.query('COMMIT');
      await prepareDatabase({ url: database.url, patience: 60_000 });
      expect(await customersWith('федор')).toEqual(['Фёдор']);
    });
  });

  describe('that searches the composed form of text', () => {
    const { name } = new SearchComposed1765400000000();
    const decomposed = 'Андрей'.normalize('NFD');

    async function found(condition: string): Promise<number> {
      const [row] = await dataSource.query<{ count: number }[]>(
        `SELECT count(*)::integer FROM orders WHERE ${condition}`,
      );
      return row?.count ?? 0;
    }

    it('changes the text of all orders, and of present writers', async () => {
      await undo(name);
      await writer.query(insertCustomers(decomposed, 'Андрей'));
      expect(await found(`search_text LIKE search_text('%андрей%')`)).toBe(1);
      await migrateDuring(insertCustomers(decomposed));
      expect(await found(`search_text LIKE search_text('%андрей%')`)).toBe(3);
      expect(await found(`search_text LIKE search_text('%${decomposed}%')`)).toBe(3);
      await undo(name);
      expect(await found(`search_text LIKE search_text('%андрей%')`)).toBe(1);
    });

    it('repairs an index of the starts of words that was built without standard_conforming_strings', async () => {
      await undo(name);
      await writer.query(insertCustomers('Anna'));
      await writer.query('DROP INDEX orders_by_word_start');
      await writer.query('SET standard_conforming_strings = off');
      await writer.query(`
        CREATE OR REPLACE FUNCTION word_starts(value text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
          RETURN string_to_array(regexp_replace(value, '([^ ])([^ ]?)[^ ]*', '\\1 \\1\\2', 'g'), ' ')
      `);
      await writer.query('CREATE INDEX orders_by_word_start ON orders USING gin (word_starts(search_text))');
      const starts = `word_starts(search_text) @> ARRAY['an']`;
      expect(await found(starts)).toBe(0);
      await prepareDatabase({ url: database.url, patience: 60_000 });
      await dataSource.query('SET enable_seqscan = off');
      expect(await found(starts)).toBe(1);
    });
  });

  describe('that lists orders by the reason of a hold', () => {
    const { name } = new ListByHoldReason1764900000000();

    it('builds its indexes while others write, anew after an interruption', async () => {
      await undo(name);
      await writer.query('CREATE INDEX orders_by_hold_reason_age ON orders (id)');
      await migrateDuring(insertCustomers('Anna'));
      const indexes = await dataSource.query<{ columns: string; valid: boolean }[]>(
        `SELECT substring(pg_get_indexdef(indexrelid) FROM '\\((.*)\\) WHERE') AS columns, indisvalid AS valid
         FROM pg_index WHERE indexrelid::regclass::text LIKE 'orders_by_hold_reason%' ORDER BY 1`,
      );
      expect(indexes).toEqual(
        ['created_at, id, due_sort', 'due_sort, id, created_at', 'urgency, created_at, id'].map((columns) => ({
          columns: `hold_reason, status, ${columns}`,
          valid: true,
        })),
      );
    });
  });

  describe('that counts milestones', () => {
    const { name } = new CountMilestones1765000000000();
    /** Of each order that there is: an hour ago, it was started for the first time; half an hour ago it was completed. */
    const ADD_HISTORY = `INSERT INTO order_status_changes (order_id, version, from_status, to_status, changed_by, changed_at)
      SELECT id, 2, 'NEW'::order_status, 'MANUFACTURING_STARTED'::order_status, 'sql', now() - interval '60 minutes' FROM orders o WHERE ${UNTOUCHED}
      UNION ALL SELECT id, 3, 'MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'sql', now() - interval '30 minutes'
      FROM orders o WHERE ${UNTOUCHED}`;

    async function counted(): Promise<unknown> {
      return dataSource.query(
        `SELECT milestone, sum(count)::integer AS count, array_agg(DISTINCT duration_class > 0) AS timed FROM order_milestones
         GROUP BY milestone ORDER BY milestone`,
      );
    }

    const of = (started: number, completed: number): unknown => [
      { milestone: 'MANUFACTURING_STARTED', count: started, timed: [true] },
      { milestone: 'MANUFACTURING_COMPLETED', count: completed, timed: [true] },
    ];

    it('counts the history that there is, that of present writers, and each later change', async () => {
      await undo(name);
      const insert = `${INSERT} 'Anna', 'Ring', 'Gold 585', 1, 'NORMAL', 'sql', 'NEW', NULL FROM generate_series(1, 3)`;
      await writer.query(insert);
      await writer.query(`UPDATE orders SET created_at = now() - interval '3 hours'`);
      await writer.query(ADD_HISTORY);
      await writer.query(insert);
      await writer.query(`UPDATE orders SET created_at = now() - interval '3 hours'`);
      await migrateDuring(ADD_HISTORY);
      expect(await counted()).toEqual(of(6, 6));

      // Rework, and an order given back: no milestone is reached twice.
      for (const [version, to] of [
        [4, 'MANUFACTURING_STARTED'],
        [5, 'MANUFACTURING_COMPLETED'],
      ] as const) {
        await writer.query(
          `INSERT INTO order_status_changes (order_id, version, from_status, to_status, changed_by, changed_at)
           SELECT id, $1::integer, 'PACKAGING', $2::order_status, 'sql', now() FROM orders`,
          [version, to],
        );
      }
      expect(await counted()).toEqual(of(6, 6));

      await writer.query('DELETE FROM orders');
      expect(await counted()).toEqual(of(6, 6));
      await writer.query('TRUNCATE orders CASCADE');
      expect(await counted()).toEqual([]);
    });

    it('counts nothing that is older than the dashboard shows', async () => {
      await writer.query(insertCustomers('Anna'));
      await writer.query(
        `INSERT INTO order_status_changes (order_id, version, from_status, to_status, changed_by, changed_at)
         SELECT id, 2, 'NEW', 'MANUFACTURING_STARTED', 'sql', now() - interval '10 days' FROM orders`,
      );
      expect(await counted()).toEqual([]);
    });
  });

  it.each([
    [new FindLateOrders1765100000000().name, 'orders_unfinished_by_due', 'btree (status, urgency, due_sort) WHERE'],
    [new FindWordStarts1765300000000().name, 'orders_by_word_start', 'gin (word_starts(search_text))'],
  ])('%s builds its index while others write, anew after an interruption', async (name, index, definition) => {
    await undo(name);
    await writer.query(`CREATE INDEX ${index} ON orders (id)`);
    await migrateDuring(insertCustomers('Anna'));
    const [built] = await dataSource.query<{ definition: string; valid: boolean }[]>(
      'SELECT pg_get_indexdef(indexrelid) AS definition, indisvalid AS valid FROM pg_index WHERE indexrelid = $1::regclass',
      [index],
    );
    expect(built?.valid).toBe(true);
    expect(built?.definition).toContain(`USING ${definition}`);
  });

  it.each([
    ['кольцо  gold 585', ['к', 'ко', 'g', 'go', '5', '58']],
    ['a web-1', ['a', 'w', 'we']],
  ])('the starts of words are taken from %j', async (text, starts) => {
    const [row] = await dataSource.query<{ found: string[] }[]>('SELECT array_remove(word_starts($1), $2) AS found', [
      text,
      '',
    ]);
    expect(new Set(row?.found)).toEqual(new Set(starts));
  });

  describe('that archives orders', () => {
    const { name } = new ArchiveOrders1765200000000();
    const ARCHIVE = `SELECT moved, is_more AS more FROM archive_orders('store', interval '1 day', $1, interval '0', interval '1 hour')`;

    async function archive(most: number): Promise<unknown> {
      return (await dataSource.query<unknown[]>(ARCHIVE, [most]))[0];
    }

    async function insertOld(count: number): Promise<void> {
      await writer.query(
        `${INSERT} 'Anna', 'Ring', 'Gold 585', 1, 'NORMAL', 'sql', (ARRAY['CLOSED', 'CANCELLED', 'SHIPPED'])[1 + n % 3]::order_status, NULL
         FROM generate_series(1, ${count}) AS n`,
      );
      await writer.query(
        `UPDATE orders SET created_at = now() - interval '9 days', updated_at = now() - interval '9 days'`,
      );
    }

    it('waits for present writers, moves orders step by step, and not without those that it tells of it', async () => {
      await undo(name);
      await migrateDuring(insertCustomers('Anna'));
      await insertOld(12);
      // Ones that changed lately are looked at, and stay.
      await writer.query(`UPDATE orders SET updated_at = now() WHERE number % 2 = 0`);
      expect(await archive(3)).toEqual({ moved: 0, more: false });
      await writer.query(`UPDATE cache_authority SET store = 'store'`);
      await dataSource.transaction(async (other) => {
        const { rows } = await writer.query<{ shard: number }>('SELECT pg_backend_pid() % 64 AS shard');
        await other.query('SELECT pg_advisory_xact_lock(1836020000, $1)', [rows[0]?.shard]);
        expect((await writer.query(ARCHIVE, [3])).rows).toEqual([{ moved: 0, more: true }]);
      });
      const steps = [];
      for (let i = 0; i < 4; i += 1) steps.push(await archive(3));
      expect(steps.map((step) => (step as { more: boolean }).more)).toEqual([true, true, false, false]);
      expect(steps.reduce<number>((sum, step) => sum + (step as { moved: number }).moved, 0)).toBe(4);
      // A pass has ended, so there is time until the next one.
      await writer.query(`UPDATE orders SET updated_at = created_at`);
      expect(await archive(99)).toEqual({ moved: 0, more: false });
      await writer.query(`UPDATE order_archiving SET next_at = DEFAULT`);
      expect(await archive(99)).toEqual({ moved: 4, more: false });
      expect(
        await dataSource.query('SELECT status, count(*)::integer FROM orders GROUP BY status ORDER BY status'),
      ).toEqual([
        { status: 'NEW', count: 1 },
        { status: 'SHIPPED', count: 4 },
      ]);
    });

    it('reads a bounded range of an index', async () => {
      await writer.query(`UPDATE cache_authority SET store = 'store'`);
      await insertOld(3_000);
      await writer.query('ANALYZE orders');
      await writer.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
        SET client_min_messages = log; SET auto_explain.log_analyze = on`);
      const plans: string[] = [];
      writer.on('notice', ({ message = '' }) => plans.push(message));
      await writer.query(ARCHIVE, [10]);
      const looking = plans.filter((plan) => plan.includes('merged'));
      expect(looking).toHaveLength(1);
      expect(looking[0]).not.toMatch(/Seq Scan|Sort  /);
      const scans = [...(looking[0] ?? '').matchAll(/Scan using (\w+) on orders o.*rows=([\d.]+) loops=1/g)];
      expect(scans.map(([, index]) => index)).toEqual(['orders_by_age', 'orders_by_age']);
      for (const [, , rows] of scans) expect(Number(rows)).toBeLessThanOrEqual(10);
    });

    it('has the columns of the orders and of their history, in the same order, in the archive', async () => {
      const columnsOf = (table: string): Promise<unknown> =>
        dataSource.query(
          `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
           WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
          [table],
        );
      for (const table of ['orders', 'order_status_changes']) {
        expect(await columnsOf(`archived_${table}`)).toEqual(await columnsOf(table));
      }
    });

    it('is not undone as long as there are archived orders', async () => {
      await insertOld(1);
      await writer.query('INSERT INTO archived_orders SELECT * FROM orders');
      await expect(undo(name)).rejects.toThrow('there are archived orders');
      await writer.query('DELETE FROM archived_orders');
      await undo(name);
    });
  });
});

describe('searched text', () => {
  it('has no case in a database whose LC_CTYPE is "C" either', async () => {
    const server = new pg.Client(process.env.TEST_POSTGRES_URL);
    await server.connect();
    const url = new URL(process.env.TEST_POSTGRES_URL ?? '');
    url.pathname = `test_c_${Date.now()}`;
    const database = url.pathname.slice(1);
    await server.query(`CREATE DATABASE ${database} TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'`);
    try {
      await prepareDatabase({ url: url.href, patience: 60_000 });
      const client = new pg.Client(url.href);
      await client.connect();
      const { rows } = await client.query(
        `SELECT lower('Щ') AS lower, search_text('СЪЁМКА ЩЮЦ Ring') = search_text('съемка щюц RING') AS "isEqual"`,
      );
      await client.end();
      expect(rows).toEqual([{ lower: 'Щ', isEqual: true }]);
    } finally {
      await server.query(`DROP DATABASE ${database} WITH (FORCE)`);
      await server.end();
    }
  });
});
