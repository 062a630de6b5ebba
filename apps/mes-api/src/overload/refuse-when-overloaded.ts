import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { overloaded } from './overloaded.js';

/** Routes: whoever watches over the process must see that it lives, and what it does. */
const ALWAYS_ANSWERED = new Set<string | undefined>(['/health/live', '/metrics']);

/** How long the delay is measured before it is judged, in milliseconds, at least. */
const SHORTEST_INTERVAL = 1_000;

/**
 * Refuses requests at once while there are far more than can be served, so that those under way come to an end.
 *
 * @param maxEventLoopDelay how late the event loop may be before that, in milliseconds, on average over that time or a second
 */
export async function refuseWhenOverloaded(server: FastifyInstance, maxEventLoopDelay: number): Promise<void> {
  await server.register(underPressure, {
    maxEventLoopDelay,
    // A delay of a whole interval counts as one without an end.
    sampleInterval: Math.max(SHORTEST_INTERVAL, maxEventLoopDelay),
    pressureHandler: ({ routeOptions }: FastifyRequest) => {
      if (!ALWAYS_ANSWERED.has(routeOptions.url)) throw overloaded();
    },
  });
}
