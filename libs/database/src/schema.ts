import type { DatabaseClient } from './database-client.js';
import { migrations } from './migrations/migrations.js';
import { Obstacle } from './until-ready.js';

/** Name of the table with the names of the applied migrations. */
export const MIGRATIONS_TABLE = 'schema_migrations';

/** What to do where another program has something with the same name. */
export const ROOM_OF_ITS_OWN =
  'give the API a database of its own, or a schema by ALTER ROLE … SET search_path for its roles';

/** The state of the schema, as a role sees it. */
export interface Schema {
  /** The role of the session. */
  readonly role: string;
  /** The role that owns the tables, or that will own them once it has made them. */
  readonly owner: string;
  /** Whether the role of the session may apply migrations. */
  readonly mayMigrate: boolean;
  /** Names of the migrations that are missing. */
  readonly pending: readonly string[];
  /** Names of the migrations that this build does not know: a newer build has applied them. */
  readonly unknown: readonly string[];
}

/**
 * Reads catalogues and the names of the applied migrations, and needs no right to create anything.
 *
 * @throws {Obstacle} if another program keeps its migrations in a table with the same name
 */
export async function readSchema(client: DatabaseClient): Promise<Schema> {
  const { rows } = await client.query<
    Pick<Schema, 'role' | 'owner' | 'mayMigrate'> & { place: string; isOurs: boolean; isReadable: boolean | null }
  >(
    `SELECT current_user AS role, coalesce(pg_get_userbyid(c.relowner), current_user) AS owner,
       coalesce(pg_has_role(c.relowner, 'USAGE'), has_schema_privilege(current_schema(), 'CREATE'), false) AS "mayMigrate",
       has_table_privilege(c.oid, 'SELECT') AS "isReadable", current_schema() AS place,
       c.oid IS NULL OR ARRAY['id', 'timestamp', 'name'] <@ ARRAY(
         SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND NOT attisdropped
       ) AS "isOurs"
     FROM (SELECT to_regclass(quote_ident(current_schema()) || '.${MIGRATIONS_TABLE}') AS oid) AS history
     LEFT JOIN pg_class c USING (oid)`,
  );
  const [seen] = rows;
  if (!seen) throw new Error('the query of the schema returned no row');
  const { isReadable, isOurs, place, ...schema } = seen;
  if (!isOurs) {
    const reason = `the table ${MIGRATIONS_TABLE} in the schema ${place} belongs to another program`;
    throw new Obstacle(`${reason}: ${ROOM_OF_ITS_OWN}`, false);
  }
  const known: readonly string[] = migrations.map((migration) => new migration().name);
  // A role that may not read the names lacks this right, and that is what it has to be told.
  if (isReadable === false) return { ...schema, pending: [], unknown: [] };
  const applied = isReadable === null ? [] : await appliedMigrations(client);
  return {
    ...schema,
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

async function appliedMigrations(client: DatabaseClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${MIGRATIONS_TABLE} ORDER BY id`);
  return rows.map(({ name }) => name);
}
