import { execFile } from 'node:child_process';
import { dirname, isAbsolute } from 'node:path';
import { promisify } from 'node:util';
import { findProgram, librariesOf } from './debian-package.js';

const run = promisify(execFile);

/** The version that comes with Debian 12. An installed one may be newer. */
const PACKAGED = '15';
/** The version of the embedded server. */
const EMBEDDED = '18';

/** `psql`, `pg_dump` and `pg_restore`, which do not come with the embedded server. */
export class DatabasePrograms {
  private constructor(
    /** The variables with which a shell finds them. */
    readonly environment: NodeJS.ProcessEnv,
    /** The version of a server that they fit, as for `startPostgres`. */
    readonly serverVersion: string | undefined,
  ) {}

  /** @throws Error with one line that says what to install */
  static async find(): Promise<DatabasePrograms> {
    const path = await findProgram({
      name: 'pg_restore',
      package: `postgresql-client-${PACKAGED}`,
      folder: `usr/lib/postgresql/${PACKAGED}/bin`,
      libraries: ['libpq5'],
    });
    const libraries = await librariesOf(path);
    const { stdout } = await run(path, ['--version'], { env: { ...process.env, ...libraries } });
    const version = /\d+/.exec(stdout)?.[0];
    const folders = [...(isAbsolute(path) ? [dirname(path)] : []), process.env.PATH];
    return new DatabasePrograms({ ...libraries, PATH: folders.join(':') }, version === EMBEDDED ? undefined : version);
  }
}
