import { AsyncResource } from 'node:async_hooks';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** So many requests of a connection may wait for the one before them. Clients that send ahead send a few. */
const MOST_WAITING = 100;

/**
 * Serves the requests of one connection one after the other, also if the client sends them before it has the earlier responses
 * (pipelining). Node begins all of them at once. When the connection ends, only the response whose turn it is learns of it. The others
 * would keep for ever what they have taken, such as a place in the share of their caller. Must be called before anything else reads
 * requests.
 *
 * Nothing else limits those that wait, since nothing else has seen them. A connection with too many of them is ended.
 */
export function serveInTurn(server: FastifyInstance): void {
  const waiting = new WeakMap<Socket, number>();
  server.addHook('onRequest', ({ socket }, { raw }, done) => {
    if (raw.socket) {
      done();
      return;
    }
    const count = waiting.get(socket) ?? 0;
    if (count === MOST_WAITING) {
      socket.destroy();
      return;
    }
    waiting.set(socket, count + 1);
    // Node gives a response its connection when the earlier ones have been sent. A request is no part of the one before it.
    const begin = AsyncResource.bind(() => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      done();
    });
    raw.once('socket', begin);
  });
}
