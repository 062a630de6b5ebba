import { Reminder } from '@mes/cache';
import {
  EmbeddedPostgres,
  prepareDatabase,
  type DatabaseAccess,
  type DatabasePreparation,
  type DatabaseWait,
  type PrepareDatabaseOptions,
} from '@mes/database';
import type { Configuration } from '../config/configuration.js';
import { inDataDirectory } from '../config/data-directory.js';

/** The database, for requests possibly through a connection pooler in transaction mode. */
export interface OpenDatabase extends DatabaseAccess {
  /** For what needs a session. */
  readonly directUrl: string;
  /** Set if this process runs PostgreSQL. */
  readonly embedded?: EmbeddedPostgres;
  /** What was done to it. */
  readonly preparation: DatabasePreparation;
  close(): Promise<void>;
}

/**
 * Opens the configured database or, without one, an embedded PostgreSQL, and migrates it.
 *
 * @param log prints progress
 * @param options `signal` ends the wait for PostgreSQL; the role `grantTo` gets the rights that it lacks to run the API
 * @throws {EnvironmentError}
 * @throws {EmbeddedPostgresError}
 * @throws {DatabaseNotReadyError}
 */
export async function openDatabase(
  { database, dataDirectory }: Configuration,
  log: (line: string) => void,
  options: Pick<PrepareDatabaseOptions, 'signal' | 'grantTo'> = {},
): Promise<OpenDatabase> {
  const embedded =
    database.url === undefined
      ? await inDataDirectory(dataDirectory, () => EmbeddedPostgres.start({ directory: dataDirectory, log }))
      : undefined;
  const url = database.url ?? embedded?.url ?? '';
  const { directUrl } = database;
  const reminder = new Reminder();
  const wait: DatabaseWait = {
    urlName: 'DATABASE_URL',
    patience: database.startTimeout,
    signal: options.signal,
    onRetry: (reason) => {
      if (reminder.isDue(reason)) log(`The database is not ready yet: ${reason}`);
    },
  };
  try {
    const preparation = await prepareDatabase({
      ...wait,
      grantTo: options.grantTo,
      ...(directUrl === undefined
        ? { url, directUrlName: 'DATABASE_DIRECT_URL' }
        : { url: directUrl, urlName: 'DATABASE_DIRECT_URL', pooled: { url, urlName: 'DATABASE_URL' } }),
    });
    if (preparation.unknown.length > 0) log(describeUnknown(preparation.unknown));
    return { url, wait, directUrl: directUrl ?? url, embedded, preparation, close: async () => embedded?.stop() };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

/** Each migration works with the builds before it, so that instances can be replaced one by one, and a newer build by an older one. */
function describeUnknown(migrations: readonly string[]): string {
  return `A newer build has migrated the database. This build works with it, and does not know ${migrations.join(', ')}.`;
}
