import type { DataSource } from 'typeorm';

/** What the instances of one installation share, and have from their database: made by the first migration. */
export type SharedSecret =
  /** The key that cursors are signed with. */
  | 'cursor'
  /** The name of the keys in Redis: other databases have other names. */
  | 'cache-namespace';

/** @throws Error if the database has none, because it is not migrated */
export async function readSharedSecret(dataSource: DataSource, name: SharedSecret): Promise<string> {
  const [row] = await dataSource.query<{ value: string }[]>('SELECT value FROM secrets WHERE name = $1', [name]);
  if (!row) throw new Error(`the database has no secret ${name}`);
  return row.value;
}
