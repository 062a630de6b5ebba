import pg from 'pg';
import { createDatabaseWithRoles, type DatabaseWithRoles } from '../../../test/support/database-roles.js';
import { eventually } from '../../../test/support/eventually.js';
import { migrations } from './migrations/migrations.js';
import { prepareDatabase, type DatabasePreparation } from './prepare-database.js';

const NAMES = migrations.map((migration) => new migration().name);
const PATIENCE = 60_000;

describe('prepareDatabase with a role that may not create anything', () => {
  let database: DatabaseWithRoles;

  beforeEach(async () => {
    database = await createDatabaseWithRoles();
  });

  afterEach(() => database.drop());

  function migrate(grantTo: string | undefined = database.role): Promise<DatabasePreparation> {
    return prepareDatabase({ url: database.ownerUrl, grantTo, patience: PATIENCE });
  }

  function start(patience = 0): Promise<DatabasePreparation> {
    return prepareDatabase({ url: database.roleUrl, urlName: 'DATABASE_URL', patience });
  }

  function remedy(): string {
    return `run npm run migrate -- --grant-to ${database.role} with the role that owns the tables in DATABASE_URL`;
  }

  async function allow(): Promise<void> {
    await database.run(`GRANT CONNECT ON DATABASE ${database.name} TO "${database.role}"`);
    await database.run(`GRANT USAGE ON SCHEMA public TO "${database.role}"`);
  }

  it('is ready once the owner has migrated and granted the rights, and changes nothing', async () => {
    const { applied, granted } = await migrate();
    expect(applied).toEqual(NAMES);
    expect(granted).toContain('INSERT ON TABLE orders');
    const catalogue = async (): Promise<unknown> =>
      (await query(database.url, 'SELECT xmin, oid, relacl FROM pg_class ORDER BY oid')).rows;
    const before = await catalogue();
    expect(await start()).toEqual({ applied: [], granted: [], unknown: [] });
    expect(await catalogue()).toEqual(before);
  });

  it('waits until the owner has migrated, and says what to do', async () => {
    await allow();
    const told: string[] = [];
    const starting = prepareDatabase({
      ...{ url: database.roleUrl, urlName: 'DATABASE_URL', patience: PATIENCE },
      onRetry: (reason) => told.push(reason),
    });
    await eventually(() => told.length > 0);
    await migrate();
    await starting;
    expect(told[0]).toBe(
      `${NAMES.length} migrations are missing, and the role ${database.role} may not migrate: ${remedy()}`,
    );
  });

  it('says what to do when a migration is missing', async () => {
    await migrate();
    await database.run(`DELETE FROM schema_migrations WHERE name = '${NAMES.at(-1) ?? ''}'`);
    await expect(start()).rejects.toMatchObject({
      code: 'DATABASE_NOT_READY',
      message: `1 migration is missing, and the role ${database.role} may not migrate: ${remedy()}`,
    });
  });

  it('is told of each right that it lacks', async () => {
    const { granted } = await migrate();
    expect(granted.length).toBeGreaterThan(30);
    for (const right of granted) {
      await database.run(`REVOKE ${right} FROM "${database.role}"`);
      // Without the first two, PostgreSQL does not even show the tables.
      const message = /^(CONNECT|USAGE)/.test(right)
        ? /^the role in DATABASE_URL lacks a right: run npm|migrations are missing.*: run npm/
        : lacks(right);
      await expect(start()).rejects.toThrow(message);
      expect((await migrate()).granted).toEqual([right]);
    }
    await start();

    function lacks(right: string): string {
      return `the role ${database.role} lacks rights (${right}): ${remedy()}`;
    }
  });

  it('is told of many missing rights briefly', async () => {
    await allow();
    await prepareDatabase({ url: database.ownerUrl, patience: PATIENCE });
    await expect(start()).rejects.toMatchObject({
      message: expect.stringMatching(/lacks rights \(([A-Z]+ ON TABLE \w+(, )?){5} and \d+ more\): run npm/) as string,
    });
  });

  it('may not grant', async () => {
    await migrate();
    await expect(
      prepareDatabase({ url: database.roleUrl, urlName: 'DATABASE_URL', grantTo: database.owner, patience: PATIENCE }),
    ).rejects.toMatchObject({
      message: `the role ${database.role} neither owns the tables nor may create them: name the role that does in DATABASE_URL`,
    });
  });
});

describe('prepareDatabase with a role to grant rights to', () => {
  let database: DatabaseWithRoles;

  beforeEach(async () => {
    database = await createDatabaseWithRoles();
  });

  afterEach(() => database.drop());

  function migrate(grantTo: string | undefined = database.role): Promise<DatabasePreparation> {
    return prepareDatabase({ url: database.ownerUrl, urlName: 'DATABASE_URL', grantTo, patience: PATIENCE });
  }

  it.each([
    ['migrates and grants', () => Promise.resolve(), NAMES],
    ['grants', () => prepareDatabase({ url: database.ownerUrl, patience: PATIENCE }), []],
  ])('%s once, beside others and again', async (_, before, applied) => {
    await before();
    const done = await Promise.all([migrate(), migrate(), migrate()]);
    expect(done.flatMap((one) => one.applied)).toEqual(applied);
    const granted = done.flatMap((one) => one.granted);
    expect(new Set(granted).size).toBe(granted.length);
    expect(await migrate()).toEqual({ applied: [], granted: [], unknown: [] });
  });

  it('lets the role delete no order, and change or delete no history', async () => {
    await migrate();
    for (const statement of [
      ...['DELETE FROM orders', 'TRUNCATE orders', 'ALTER TABLE orders ADD COLUMN more text', 'DROP TABLE orders'],
      ...[`UPDATE order_status_changes SET comment = ''`, 'DELETE FROM order_status_changes'],
      ...[`UPDATE archived_orders SET comment = ''`, 'DELETE FROM archived_orders', 'TRUNCATE archived_orders'],
      ...['DELETE FROM archived_order_status_changes', 'UPDATE order_archiving SET next_at = DEFAULT'],
      ...[`UPDATE secrets SET value = ''`, 'DELETE FROM schema_migrations', 'CREATE TABLE more (id integer)'],
      'CREATE TEMPORARY TABLE more (id integer)',
    ]) {
      await expect(query(database.roleUrl, statement)).rejects.toMatchObject({ code: '42501' });
    }
  });

  it.each([
    ['an unknown role', () => 'nobody there', 'PostgreSQL has no role nobody there: create it first'],
    ['everybody', () => 'public', 'PostgreSQL has no role public: create it first'],
    ['the owner', () => database.owner, 'has all rights, as the owner of the tables, a member of it or a superuser'],
    ['a superuser', () => new URL(database.url).username, 'has all rights, as the owner of the tables, a member of it'],
  ])('refuses %s, and changes nothing', async (_, role, message) => {
    await expect(migrate(role())).rejects.toMatchObject({
      code: 'DATABASE_NOT_READY',
      message: expect.stringContaining(message) as string,
    });
    const { rows } = await query(database.url, `SELECT FROM pg_class WHERE relname = 'schema_migrations'`);
    expect(rows).toEqual([]);
  });

  describe('in a database of another role', () => {
    beforeEach(async () => {
      await database.run(`
        ALTER DATABASE ${database.name} OWNER TO CURRENT_USER;
        GRANT CONNECT, TEMPORARY ON DATABASE ${database.name} TO "${database.owner}";
        GRANT USAGE, CREATE ON SCHEMA public TO "${database.owner}"`);
    });

    it('names the extension and what a superuser has to do, and needs nothing once that is done', async () => {
      await expect(migrate()).rejects.toMatchObject({
        code: 'DATABASE_NOT_READY',
        message: expect.stringMatching(
          /; let a superuser run CREATE EXTENSION pg_trgm in this database once, /,
        ) as string,
      });
      await database.run('CREATE EXTENSION pg_trgm');
      const done = await prepareDatabase({ url: database.ownerUrl, patience: PATIENCE });
      expect(done).toEqual({ applied: NAMES, granted: [], unknown: [] });
    });

    it('says that the extension is not in the search path', async () => {
      await database.run('CREATE SCHEMA elsewhere; CREATE EXTENSION pg_trgm SCHEMA elsewhere');
      await expect(migrate()).rejects.toMatchObject({
        message: expect.stringContaining(
          '; the extension pg_trgm is in a schema that is not in the search path',
        ) as string,
      });
    });

    it('names the rights that only another role can grant, and grants none', async () => {
      await database.run('CREATE EXTENSION pg_trgm');
      await expect(migrate()).rejects.toMatchObject({
        message: expect.stringMatching(/^the rights could not be granted: /) as string,
      });
      await database.run(`GRANT CONNECT ON DATABASE ${database.name} TO "${database.role}"`);
      await expect(migrate()).rejects.toMatchObject({
        message: `the rights could not be granted: only the owner of the database may GRANT USAGE ON SCHEMA public TO ${database.role}`,
      });
      await database.run(`GRANT USAGE ON SCHEMA public TO "${database.role}"`);
      await expect(query(database.roleUrl, 'SELECT FROM orders')).rejects.toMatchObject({ code: '42501' });
      expect((await migrate()).granted).toContain('SELECT ON TABLE orders');
    });
  });

  it('says that the owner may not create tables', async () => {
    await database.run(`ALTER DATABASE ${database.name} OWNER TO CURRENT_USER`);
    await database.run(`GRANT CONNECT ON DATABASE ${database.name} TO "${database.owner}"`);
    await expect(migrate()).rejects.toMatchObject({
      message: `the role ${database.owner} neither owns the tables nor may create them: name the role that does in DATABASE_URL`,
    });
  });
});

describe('prepareDatabase with a newer database', () => {
  let database: DatabaseWithRoles;

  beforeEach(async () => {
    database = await createDatabaseWithRoles();
    await prepareDatabase({ url: database.ownerUrl, grantTo: database.role, patience: PATIENCE });
    await database.run(`INSERT INTO schema_migrations (timestamp, name) VALUES (2000000000000, 'Later2000000000000')`);
  });

  afterEach(() => database.drop());

  it('works with it, and names what it does not know', async () => {
    for (const url of [database.ownerUrl, database.roleUrl]) {
      const done = await prepareDatabase({ url, patience: 0 });
      expect(done).toEqual({ applied: [], granted: [], unknown: ['Later2000000000000'] });
    }
  });

  it('refuses to add an older migration after the later one', async () => {
    await database.run(`DELETE FROM schema_migrations WHERE name = '${NAMES.at(-1) ?? ''}'`);
    for (const url of [database.ownerUrl, database.roleUrl]) {
      await expect(prepareDatabase({ url, patience: PATIENCE })).rejects.toMatchObject({
        message: `the database has migrations that this build does not know (Later2000000000000), and lacks ${NAMES.at(-1) ?? ''}: use the build that has migrated it`,
      });
    }
  });
});

async function query(url: string, statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}
