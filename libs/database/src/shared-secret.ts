import type { DataSource } from 'typeorm';

/** What the instances of one installation share, and have from their database: made by the first migration. */
export type SharedSecret =
  /** The key that cursors are signed with. */
  'cursor';

/** @throws Error if the database has none, because it is not migrated */
export async function readSharedSecret(dataSource: DataSource, name: SharedSecret): Promise<string> {
  const [row] = await dataSource.query<{ value: string }[]>('SELECT value FROM secrets WHERE name = $1', [name]);
  if (!row) throw new Error(`the database has no secret ${name}`);
  return row.value;
}

/** Names the keys of this database in Redis: as long as the database exists, whatever is restored into it. */
export async function readCacheNamespace(dataSource: DataSource): Promise<string> {
  const [row] = await dataSource.query<{ namespace: string }[]>('SELECT cache_namespace() AS namespace');
  if (!row) throw new Error('the database does not say its name');
  return row.namespace;
}
