import { Reminder } from '@mes/cache';
import { EmbeddedPostgres, prepareDatabase } from '@mes/database';
import type { Configuration } from '../config/configuration.js';
import { inDataDirectory } from '../config/data-directory.js';

export interface OpenDatabase {
  readonly url: string;
  /** Set if this process runs PostgreSQL. */
  readonly embedded?: EmbeddedPostgres;
  close(): Promise<void>;
}

/**
 * Opens the configured database or, without one, an embedded PostgreSQL, and migrates it.
 *
 * @param log prints progress
 * @param signal aborted to end the wait for PostgreSQL
 * @throws {EnvironmentError}
 * @throws {EmbeddedPostgresError}
 * @throws {DatabaseNotReadyError}
 */
export async function openDatabase(
  { database, dataDirectory }: Configuration,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<OpenDatabase> {
  const embedded =
    database.url === undefined
      ? await inDataDirectory(dataDirectory, () => EmbeddedPostgres.start({ directory: dataDirectory, log }))
      : undefined;
  const url = database.url ?? embedded?.url ?? '';
  const reminder = new Reminder();
  try {
    await prepareDatabase({
      url,
      urlName: 'DATABASE_URL',
      patience: database.startTimeout,
      signal,
      onRetry: (reason) => {
        if (reminder.isDue(reason)) log(`The database is not ready yet: ${reason}`);
      },
    });
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
  return { url, embedded, close: async () => embedded?.stop() };
}
