import { EmbeddedPostgres, prepareDatabase } from '@mes/database';
import type { Configuration } from '../config/configuration.js';

export interface OpenDatabase {
  readonly url: string;
  /** Present when PostgreSQL is run by this process. */
  readonly embedded?: EmbeddedPostgres;
  close(): Promise<void>;
}

/**
 * The database that the configuration names, or else an embedded one; migrated.
 *
 * @param log for people
 * @param signal ends the waiting for PostgreSQL
 * @throws {EmbeddedPostgresError}
 * @throws {DatabaseNotReadyError}
 */
export async function openDatabase(
  { database, dataDirectory }: Configuration,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<OpenDatabase> {
  const embedded =
    database.url === undefined ? await EmbeddedPostgres.start({ directory: dataDirectory, log }) : undefined;
  const url = database.url ?? embedded?.url ?? '';
  try {
    await prepareDatabase({
      url,
      patience: database.patience,
      signal,
      onRetry: (reason) => {
        log(`The database is not ready yet: ${reason}`);
      },
    });
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
  return { url, embedded, close: async () => embedded?.stop() };
}
