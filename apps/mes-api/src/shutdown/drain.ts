import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply } from 'fastify';

/**
 * The time between the start of a shutdown and the end of the last request. Requests are still served, but each response closes
 * its connection, so that the next request of the client goes to another instance.
 */
@Injectable()
export class Drain {
  private readonly begun = new AbortController();

  /** Must be called before the routes are declared. */
  install(server: FastifyInstance): void {
    server.addHook('onRequest', (_request, reply, done) => {
      this.dismiss(reply);
      done();
    });
    // For requests that arrived before the drain began.
    server.addHook('onSend', (_request, reply, payload, done) => {
      this.dismiss(reply);
      done(null, payload);
    });
  }

  get hasBegun(): boolean {
    return this.begun.signal.aborted;
  }

  /** Aborted when the drain begins: ends the endless responses. */
  get signal(): AbortSignal {
    return this.begun.signal;
  }

  begin(): void {
    this.begun.abort();
  }

  private dismiss(reply: FastifyReply): void {
    if (this.hasBegun) void reply.header('connection', 'close');
  }
}
