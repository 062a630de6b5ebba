import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './server-user.js';

/** A server fills the file within microseconds of creating it. */
const CERTAINLY_ABANDONED_MS = 5_000;

/** What the file postmaster.pid says: a running server writes it into its data directory. */
export type Postmaster =
  /** No server uses the directory. */
  | { readonly state: 'none' }
  /** A dead server has left the file, and an unrelated process has its process id today. */
  | { readonly state: 'stranger'; readonly pid: number }
  /** A server runs. It has no port yet when it has only just begun. */
  | { readonly state: 'running'; readonly pid: number; readonly port: number | undefined };

/** Finds out whether a server uses a data directory. */
export async function inspectPostmaster(dataDirectory: string): Promise<Postmaster> {
  const file = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '');
  const { pid, port } = parsePostmasterFile(file);
  if (pid === undefined || !isAlive(pid)) return { state: 'none' };
  if (await serves(pid, dataDirectory)) return { state: 'running', pid, port };
  return { state: 'stranger', pid };
}

/**
 * Removes a postmaster.pid without content, which a power failure may leave. PostgreSQL does not start beside one, and asks for
 * its removal.
 */
export async function removeEmptyPostmasterFile(dataDirectory: string): Promise<void> {
  const file = join(dataDirectory, 'postmaster.pid');
  const stats = await stat(file).catch(() => undefined);
  if (stats?.size === 0 && Date.now() - stats.mtimeMs > CERTAINLY_ABANDONED_MS) await rm(file, { force: true });
}

/**
 * Reads a postmaster.pid: line 1 is the process id, line 4 the port.
 *
 * @see https://www.postgresql.org/docs/18/storage-file-layout.html
 */
export function parsePostmasterFile(content: string): { pid: number | undefined; port: number | undefined } {
  const lines = content.split('\n');
  return { pid: positiveInteger(lines[0]), port: positiveInteger(lines[3]) };
}

function positiveInteger(text = ''): number | undefined {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Whether a process is a PostgreSQL server over this data directory. Its command line tells, since we always start servers by
 * `postgres -D <real path>`. /proc/<pid>/cwd does not: a container without the capability to trace closes it even to root.
 */
async function serves(pid: number, dataDirectory: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const commandLine = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '');
    const [program = '', ...args] = commandLine.split('\0');
    return program.endsWith('/postgres') && args[args.indexOf('-D') + 1] === dataDirectory;
  }
  const listing = await runProgram('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
  return listing.output.includes(`/postgres -D ${dataDirectory} `);
}
