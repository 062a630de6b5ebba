import type { FastifyInstance } from 'fastify';
import { EventLoopDelay } from './event-loop-delay.js';
import { overloaded } from '../problem-details/problem.js';

/** Routes: whoever watches over the process must see that it lives, and what it does. */
const ALWAYS_ANSWERED = new Set<string | undefined>(['/health/live', '/metrics']);

/**
 * Refuses requests at once while there are far more than can be served, so that those under way come to an end.
 *
 * @param maxEventLoopDelay how late the event loop may be before that, in milliseconds, on average over a second
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
