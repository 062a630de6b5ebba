import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { Ownership, type ServerAddress } from './ownership.js';
import { inspectPostmaster } from './postmaster.js';
import { shutDown } from './server-process.js';

const POLL_MS = 20;
const PATIENCE_MS = 30_000;

/**
 * Stops a server that runs over our data although its owner is dead. A server whose owner lives is left alone.
 *
 * @returns whether a server was stopped, rather than having gone by itself
 * @throws EmbeddedPostgresError IN_USE if the owner lives; ORPHAN_NOT_STOPPED if the server does not answer for 30 s
 */
export async function stopOrphan(place: Omit<ServerAddress, 'port'>): Promise<boolean> {
  let stopped = false;
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const postmaster = await inspectPostmaster(place.dataDirectory);
    if (postmaster.state !== 'running') return stopped;
    if (Date.now() > deadline) throw notStopped(place.directory, postmaster.pid);
    if (postmaster.port !== undefined && (await claimAndStop({ ...place, port: postmaster.port }))) stopped = true;
    await delay(POLL_MS);
  }
}

async function claimAndStop(address: ServerAddress): Promise<boolean> {
  // One attempt for each look at postmaster.pid, since the server may be replaced by another one meanwhile.
  const ownership = await Ownership.claim(address, () => true, Date.now());
  if (ownership === undefined) return false;
  ownership.endWithServer();
  // Not the id read before: as long as our session lives, this one is the id of the server that we own.
  const pid = await ownership.serverPid().catch(() => undefined);
  if (pid !== undefined) {
    await shutDown(hasGone(pid, address.dataDirectory), (name) => {
      signal(pid, name);
    });
  }
  await ownership.release();
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function hasGone(pid: number, dataDirectory: string): Promise<void> {
  for (;;) {
    const postmaster = await inspectPostmaster(dataDirectory);
    if (postmaster.state !== 'running' || postmaster.pid !== pid) return;
    await delay(POLL_MS);
  }
}

function notStopped(directory: string, pid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'ORPHAN_NOT_STOPPED',
    `A PostgreSQL server of an earlier run (process ${pid}) still uses ${directory}, but does not answer. ` +
      `Stop it by "kill -INT ${pid}" and start again.`,
  );
}
