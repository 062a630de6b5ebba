import type { DataSource } from 'typeorm';

/**
 * The name of the keys in Redis, from the identity of the server and the name of the database. A database that was restored
 * elsewhere from a dump has another name.
 *
 * @throws QueryFailedError if the database is not migrated
 */
export async function readCacheNamespace(dataSource: DataSource): Promise<string> {
  const [row] = await dataSource.query<{ name: string }[]>('SELECT cache_namespace() AS name');
  if (!row) throw new Error('the database gave no name');
  return row.name;
}
