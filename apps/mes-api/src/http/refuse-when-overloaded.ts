import type { FastifyInstance } from 'fastify';
import { EventLoopDelay } from './event-loop-delay.js';
import { overloaded } from '../problem-details/problem.js';

/** Routes for monitoring, which must be answered during an overload as well. */
const ALWAYS_ANSWERED = new Set<string | undefined>(['/health/live', '/metrics']);

/**
 * Refuses requests while the event loop is overloaded, so that those in progress come to an end.
 *
 * @param maxEventLoopDelay highest accepted delay of the event loop, in milliseconds, on average over a second
 */
export function refuseWhenOverloaded(server: FastifyInstance, maxEventLoopDelay: number): void {
  const delay = new EventLoopDelay();
  server.addHook('onClose', (_instance, done) => {
    delay.stop();
    done();
  });
  server.addHook('onRequest', ({ routeOptions }, _reply, done) => {
    done(delay.mean > maxEventLoopDelay && !ALWAYS_ANSWERED.has(routeOptions.url) ? overloaded() : undefined);
  });
}
