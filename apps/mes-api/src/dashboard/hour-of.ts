import type { FastifyRequest } from 'fastify';

const HOUR = 60 * 60_000;
const hours = new WeakMap<FastifyRequest, Date>();

/** Start of the current hour. */
export function currentHour(): Date {
  return new Date(Math.floor(Date.now() / HOUR) * HOUR);
}

/** The hour of a request: the current one at the first call, so that all parts of a request use the same hour. */
export function hourOf(request: FastifyRequest): Date {
  const hour = hours.get(request) ?? currentHour();
  hours.set(request, hour);
  return hour;
}
