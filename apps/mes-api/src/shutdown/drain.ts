import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** How long a new connection may be silent and still be about to send a request, in milliseconds. */
const SILENCE_MS = 1_000;

/**
 * The time between the start of a shutdown and the end of the last request. Requests are still served, but each response closes
 * its connection, so that the next request of the client goes to another instance.
 */
@Injectable()
export class Drain {
  private readonly begun = new AbortController();
  /** When each open connection was accepted. */
  private readonly accepted = new Map<Socket, number>();

  /** Must be called before the routes are declared. */
  install(server: FastifyInstance): void {
    server.server.on('connection', (socket: Socket) => {
      this.accepted.set(socket, performance.now());
      socket.once('close', () => this.accepted.delete(socket));
    });
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

  /** Closes connections on which nothing has arrived, such as browsers open in advance. Node takes them for busy ones. */
  closeSilent(): void {
    for (const [socket, at] of this.accepted) {
      if (socket.bytesRead === 0 && performance.now() - at > SILENCE_MS) socket.destroy();
    }
  }

  private dismiss(reply: FastifyReply): void {
    if (this.hasBegun) void reply.header('connection', 'close');
  }
}
