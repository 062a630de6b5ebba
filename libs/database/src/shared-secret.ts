import type { DataSource } from 'typeorm';

/** The key that cursors are signed with. The instances of one installation have it from their database. */
export type SharedSecret = 'cursor';

/** @throws Error if the database has none, because it is not migrated */
export async function readSharedSecret(dataSource: DataSource, name: SharedSecret): Promise<string> {
  const [row] = await dataSource.query<{ value: string }[]>('SELECT value FROM secrets WHERE name = $1', [name]);
  if (!row) throw new Error(`the database has no secret ${name}`);
  return row.value;
}
