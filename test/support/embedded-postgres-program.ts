import { EmbeddedPostgres } from '../../libs/database/src/embedded/embedded-postgres.js';
import { EmbeddedPostgresError } from '../../libs/database/src/embedded/embedded-postgres-error.js';
import type { OtherStart } from './other-process.js';

// Starts the embedded PostgreSQL in the given directory, prints the result as one line of JSON, and keeps running.
async function start(directory: string): Promise<OtherStart> {
  try {
    const { url } = await EmbeddedPostgres.start({ directory, settings: { fsync: 'off' } });
    return { url };
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) return { code: error.code };
    throw error;
  }
}

console.log(JSON.stringify(await start(process.argv[2] ?? '')));
setInterval(() => undefined, 60_000);
