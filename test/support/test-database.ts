import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** An empty database for one spec file. */
export interface TestDatabase {
  readonly url: string;
  /** Ends all sessions and removes the database. */
  drop(): Promise<void>;
}

/**
 * Creates an empty database on the shared server.
 *
 * @param options of CREATE DATABASE
 */
export async function createTestDatabase(options?: string): Promise<TestDatabase> {
  const server = process.env.TEST_POSTGRES_URL;
  if (server === undefined) throw new Error('TEST_POSTGRES_URL is not set: the global set-up has not run');
  return createDatabaseOn(server, options);
}

/** Creates an empty database with a random name on the server at a URL. */
export async function createDatabaseOn(serverUrl: string, options = ''): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await run(serverUrl, `CREATE DATABASE ${name} ${options}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => run(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
