import { AsyncResource } from 'node:async_hooks';
import type { FastifyInstance } from 'fastify';

/**
 * Serves the requests of one connection one after the other, also those that a client sends before it has the earlier responses
 * (pipelining). Node would begin them all at once, and not say when the connection ends of those whose turn to be sent has not come:
 * whatever waits for their end, such as the share of their caller, would wait for ever. Must be called before anything else reads
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
