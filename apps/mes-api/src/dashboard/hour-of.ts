import type { FastifyRequest } from 'fastify';

const HOUR = 60 * 60_000;
const hours = new WeakMap<FastifyRequest, Date>();

/** The hour, by the clock of this process, in which the request was first asked for it. */
export function hourOf(request: FastifyRequest): Date {
  const hour = hours.get(request) ?? new Date(Math.floor(Date.now() / HOUR) * HOUR);
  hours.set(request, hour);
  return hour;
}
