import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Reminder } from '@mes/cache';
import { Logger } from '@nestjs/common';

/** File descriptors for other things than connections of clients and of the pool: files, Redis, and what a start opens at once. */
const FOR_OTHER_THINGS = 200;

/** The operating system names the limit here, if it is Linux. */
const LIMITS = '/proc/self/limits';

/**
 * Closes connections that would take the last file descriptors. The operating system would do so as well, but without a word, and would
 * refuse connections to PostgreSQL and Redis too.
 *
 * Node's own `maxConnections` does not fit: a worker that has enough gives the connection back to the supervisor, which passes it on
 * to the next worker, and so on while all of them have enough.
 *
 * @param poolSize most connections to PostgreSQL
 * @param onRefused is told of each connection that is closed
 */
export function limitConnections(server: Server, poolSize: number, onRefused: () => void): void {
  const files = mostFiles();
  const most = Math.floor(Math.max(files / 2, files - FOR_OTHER_THINGS - poolSize));
  const log = new Logger('Connections');
  const reminder = new Reminder();
  let open = 0;
  // Before the server reads from it.
  server.prependListener('connection', (socket: Socket) => {
    open += 1;
    socket.once('close', () => (open -= 1));
    if (open <= most) return;
    socket.destroy();
    onRefused();
    if (!reminder.isDue('refused')) return;
    log.error(
      `connections are refused: ${most} are open, and the process may open ${files} files: raise that limit (ulimit -n, LimitNOFILE), or see who opens so many`,
    );
  });
}

/** How many file descriptors the process may have. */
function mostFiles(): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync(LIMITS, 'utf8'))?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}
