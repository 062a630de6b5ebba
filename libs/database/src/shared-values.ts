import type { DataSource } from 'typeorm';

/**
 * The name of a secret that all instances of an installation read from their database. `cursor` is the key that signs the
 * cursors of lists.
 *
 * @publicApi
 */
export type SharedSecret = 'cursor';

/**
 * Reads a secret.
 *
 * @throws QueryFailedError or Error if the database is not migrated
 * @publicApi
 */
export async function readSharedSecret(dataSource: DataSource, name: SharedSecret): Promise<string> {
  const [row] = await dataSource.query<{ value: string }[]>('SELECT value FROM secrets WHERE name = $1', [name]);
  if (!row) throw new Error(`the database has no secret ${name}`);
  return row.value;
}

/**
 * Reads the prefix of this database's keys in Redis. It is made of the identity of the server and the name of the database, so
 * a database restored elsewhere from a dump has another one.
 *
 * @throws QueryFailedError if the database is not migrated
 * @publicApi
 */
export async function readCacheNamespace(dataSource: DataSource): Promise<string> {
  const [row] = await dataSource.query<{ name: string }[]>('SELECT cache_namespace() AS name');
  if (!row) throw new Error('the database gave no name');
  return row.name;
}
