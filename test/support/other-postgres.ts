import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from '../../libs/database/src/embedded/embedded-postgres.js';
import { freePort, ServerProcess } from '../../libs/database/src/embedded/server-process.js';
import { findServerUser, runProgram } from '../../libs/database/src/embedded/server-user.js';
import { eventually } from './eventually.js';
import { binariesOf } from './postgres-versions.js';

const PASSWORD = 'mes';

/**
 * Starts a server of another version than the embedded one, as IT departments run it: with the locale of the operating system.
 *
 * @param version the major one, such as `15`
 */
export async function startOtherPostgres(
  version: string,
  { directory, settings = {} }: EmbeddedPostgresOptions,
): Promise<Pick<EmbeddedPostgres, 'url' | 'pid' | 'dataDirectory' | 'stop'>> {
  const [{ initdb, postgres }, user, port] = await Promise.all([
    binariesOf(version),
    findServerUser(undefined),
    freePort(),
  ]);
  const dataDirectory = join(directory, 'postgres');
  await mkdir(dataDirectory, { mode: 0o700 });
  if (user) await chown(dataDirectory, user.uid, user.gid);
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, PASSWORD, { mode: 0o644 });
  const options = ['--username=mes', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'];
  const made = await runProgram(initdb, [`--pgdata=${dataDirectory}`, `--pwfile=${passwordFile}`, ...options], user);
  if (!made.succeeded) throw new Error(`PostgreSQL ${version} could not create its data: ${made.output}`);

  const logFile = join(directory, 'postgres.log');
  const server = await ServerProcess.spawn({
    ...{ postgres, dataDirectory, user, port, settings, logFile },
    stranger: undefined,
  });
  const url = `postgres://mes:${PASSWORD}@127.0.0.1:${port}/mes`;
  try {
    await eventually(async () => {
      if (!server.isRunning()) throw new Error(`PostgreSQL ${version} did not start: ${await server.lastLines()}`);
      return isMade(url);
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url, pid: server.pid, dataDirectory, stop: () => server.stop() };
}

/** Creates the database of a URL, as soon as the server answers. */
async function isMade(url: string): Promise<boolean> {
  const client = new pg.Client(Object.assign(new URL(url), { pathname: '/postgres' }).href);
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('CREATE DATABASE mes');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
