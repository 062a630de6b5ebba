import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply } from 'fastify';

/**
 * The time between the decision to stop and the end of the last request. All requests are still served, those that come
 * on connections that are kept alive, too; but each answer asks the client to use another connection next time, which
 * leads to another instance.
 */
@Injectable()
export class Drain {
  private readonly begun = new AbortController();

  constructor(host: HttpAdapterHost) {
    const server = host.httpAdapter.getInstance<FastifyInstance>();
    server.addHook('onRequest', (_request, reply, done) => {
      this.dismiss(reply);
      done();
    });
    // Of what had come before it began.
    server.addHook('onSend', (_request, reply, payload, done) => {
      this.dismiss(reply);
      done(null, payload);
    });
  }

  get hasBegun(): boolean {
    return this.begun.signal.aborted;
  }

  /** Aborted when it begins: for answers that would never end of themselves. */
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
