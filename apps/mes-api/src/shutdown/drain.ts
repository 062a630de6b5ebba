import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply } from 'fastify';

/**
 * The time between the decision to stop and the end of the last request. All requests are still served, but every answer
 * closes its connection, so that the client's next one leads to another instance.
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
    // For requests that had begun before.
    server.addHook('onSend', (_request, reply, payload, done) => {
      this.dismiss(reply);
      done(null, payload);
    });
  }

  get hasBegun(): boolean {
    return this.begun.signal.aborted;
  }

  /** Aborted when it begins, for answers that have no end of their own. */
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
