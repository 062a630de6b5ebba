import type { DatabaseClient } from './database-client.js';

/**
 * The rights that the role of the API needs on the tables, and no others. With them, no order and no line of its history can be
 * deleted, and no line of history changed.
 *
 * Older builds run beside newer ones. A right that a build no longer needs stays here as long as an older build may need it.
 */
const TABLE_RIGHTS = {
  orders: ['SELECT', 'INSERT', 'UPDATE'],
  order_status_changes: ['SELECT', 'INSERT'],
  order_status_counts: ['SELECT', 'INSERT', 'UPDATE'],
  order_arrivals: ['SELECT', 'INSERT', 'UPDATE'],
  order_milestones: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  archived_orders: ['SELECT'],
  archived_order_status_changes: ['SELECT'],
  order_events: ['SELECT', 'INSERT', 'DELETE'],
  order_event_horizons: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  cache_members: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  cache_authority: ['SELECT', 'UPDATE'],
  secrets: ['SELECT'],
  schema_migrations: ['SELECT'],
} as const;

/**
 * The functions. PostgreSQL checks no right when a trigger calls its function. `archive_orders` moves old orders with the rights of its
 * owner; the others run with those of the caller.
 */
const FUNCTIONS = [
  'announce_write(text)',
  'archive_orders(text, interval, integer, interval, interval)',
  'cache_namespace()',
  'claim_cache_store(uuid, text, text[])',
  'database_state()',
  'duration_class(interval)',
  'search_text(text)',
  'tell_of_change(text[])',
  'word_starts(text)',
];

const TABLES = Object.entries(TABLE_RIGHTS).flatMap(([name, privileges]) =>
  privileges.map((privilege) => ({ name, privilege })),
);

/** Rights that a role lacks, in the words of GRANT, such as `INSERT ON TABLE orders`. */
const MISSING_RIGHTS = `
  SELECT format('CONNECT ON DATABASE %I', current_database()) AS missing
    WHERE NOT has_database_privilege($1::name, current_database(), 'CONNECT')
  UNION ALL
  SELECT format('USAGE ON SCHEMA %I', current_schema())
    WHERE NOT has_schema_privilege($1::name, current_schema(), 'USAGE')
  UNION ALL
  SELECT format('%s ON TABLE %I', privilege, name) FROM json_to_recordset($2) AS wanted (name text, privilege text)
    WHERE has_table_privilege($1::name, to_regclass(name), privilege) IS NOT TRUE
  UNION ALL
  SELECT format('EXECUTE ON FUNCTION %s', signature) FROM unnest($3::text[]) AS signature
    WHERE has_function_privilege($1::name, to_regprocedure(signature), 'EXECUTE') IS NOT TRUE`;

/**
 * The rights that a role lacks to run the API, in the words of GRANT, such as `INSERT ON TABLE orders`.
 *
 * @param client whose search path leads to the tables
 */
export async function missingRights(client: DatabaseClient, role: string): Promise<string[]> {
  const { rows } = await client.query<{ missing: string }>(MISSING_RIGHTS, [role, JSON.stringify(TABLES), FUNCTIONS]);
  return rows.map(({ missing }) => missing);
}

/**
 * Grants a role the rights that it lacks to run the API, all or none. Other rights stay as they are.
 *
 * @param client of the role that owns the tables
 * @returns what was granted, in the words of GRANT
 * @throws if the owner may not grant one of them
 */
export async function grantMissingRights(client: DatabaseClient, role: string): Promise<string[]> {
  const missing = await missingRights(client, role);
  await client.query('BEGIN');
  for (const right of missing) await client.query(`GRANT ${right} TO ${client.escapeIdentifier(role)}`);
  // PostgreSQL only warns of a right that the owner has and may not grant.
  const left = await missingRights(client, role);
  if (left.length > 0) throw new Error(`only the owner of the database may GRANT ${left.join(', ')} TO ${role}`);
  await client.query('COMMIT');
  return missing;
}
