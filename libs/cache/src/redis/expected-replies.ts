import { randomUUID } from 'node:crypto';
import type { OnReadOpts, Socket } from 'node:net';

/** How much is read at once, in bytes: as much as Node reads by itself. */
const READ_SIZE = 64 * 1024;

/** The server sends what Redis does not, or a reply that nothing has asked for. No reply of this connection can be trusted. */
export class UnexpectedReplyError extends Error {
  override readonly name = 'UnexpectedReplyError';

  constructor(what: string, options?: ErrorOptions) {
    super(`unexpected reply: ${what}`, options);
  }
}

/**
 * Lets a reply that the `redis` package cannot read break the connection. Otherwise the error would end the process, since it is thrown
 * where nobody waits. An option of the sockets of clients that are used one after the other.
 */
export function breakWhereUnreadable(): OnReadOpts {
  const buffer = Buffer.alloc(READ_SIZE);
  return {
    buffer,
    callback(this: Socket, size: number): boolean {
      try {
        // A copy, because the package keeps parts of it.
        this.emit('data', Buffer.from(buffer.subarray(0, size)));
      } catch (error) {
        this.destroy(new UnexpectedReplyError((error as Error).message, { cause: error }));
      }
      return true;
    },
  };
}

/**
 * Checks that a server answers as Redis does, and that each reply belongs to its command.
 *
 * @throws {UnexpectedReplyError}
 */
export async function assertInStep(client: { readonly ping: (message: string) => Promise<unknown> }): Promise<void> {
  const message = randomUUID();
  if ((await client.ping(message)) !== message) throw new UnexpectedReplyError('another one than to PING');
}
