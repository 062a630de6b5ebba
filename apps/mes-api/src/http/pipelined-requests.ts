import { AsyncResource } from 'node:async_hooks';
import type { FastifyInstance } from 'fastify';

/**
 * Serves the requests of one connection one after the other, also if the client sends them before it has the earlier responses
 * (pipelining). Node begins all of them at once. When the connection ends, only the response whose turn it is learns of it. The others
 * would keep for ever what they have taken, such as a place in the share of their caller. Must be called before anything else reads
 * requests.
 */
export function serveInTurn(server: FastifyInstance): void {
  server.addHook('onRequest', (_request, { raw }, done) => {
    if (raw.socket) {
      done();
      return;
    }
    // Node gives a response its connection when the earlier ones have been sent. A request is no part of the one before it.
    const begin = AsyncResource.bind(() => {
      done();
    });
    raw.once('socket', begin);
  });
}
