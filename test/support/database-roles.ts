import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createDatabaseOn, type TestDatabase } from './test-database.js';

/** A database in which nobody has a right that he was not given, as strict IT departments make it. */
export interface DatabaseWithRoles extends TestDatabase {
  readonly name: string;
  /** The URL with a superuser. */
  readonly url: string;
  /** A role that owns the database, and its URL. */
  readonly owner: string;
  readonly ownerUrl: string;
  /** A role without any right, and its URL. */
  readonly role: string;
  readonly roleUrl: string;
  /** Runs a statement as the superuser. */
  run(statement: string): Promise<void>;
}

/** Creates an empty database with its two roles. */
export async function createDatabaseWithRoles(server = process.env.TEST_POSTGRES_URL): Promise<DatabaseWithRoles> {
  if (server === undefined) throw new Error('TEST_POSTGRES_URL is not set: the global set-up has not run');
  const database = await createDatabaseOn(server);
  const client = new pg.Client(database.url);
  await client.connect();
  const name = client.database ?? '';
  const [owner, role] = [`owner ${randomBytes(4).toString('hex')}`, `api ${randomBytes(4).toString('hex')}`];
  await client.query(`
    CREATE ROLE "${owner}" LOGIN PASSWORD 'owner';
    CREATE ROLE "${role}" LOGIN PASSWORD 'role';
    ALTER DATABASE ${name} OWNER TO "${owner}";
    REVOKE ALL ON DATABASE ${name} FROM PUBLIC;
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE "${owner}" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  `);
  return {
    name,
    url: database.url,
    owner,
    ownerUrl: urlWith(database.url, owner, 'owner'),
    role,
    roleUrl: urlWith(database.url, role, 'role'),
    run: async (statement) => {
      await client.query(statement);
    },
    drop: async () => {
      await client.query(`DROP OWNED BY "${owner}", "${role}" CASCADE`);
      await client.query(`ALTER DATABASE ${name} OWNER TO CURRENT_USER`);
      await client.query(`DROP ROLE "${owner}", "${role}"`);
      await client.end();
      await database.drop();
    },
  };
}

/** The URL with another role. */
function urlWith(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = password;
  return changed.href;
}
