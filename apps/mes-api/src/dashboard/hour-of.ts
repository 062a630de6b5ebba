import type { FastifyRequest } from 'fastify';

const HOUR = 60 * 60_000;
const hours = new WeakMap<FastifyRequest, Date>();

/** Begin of the hour that it is by the clock of this process. */
export function presentHour(): Date {
  return new Date(Math.floor(Date.now() / HOUR) * HOUR);
}

/** The hour, by the clock of this process, in which the request was first asked for it. */
export function hourOf(request: FastifyRequest): Date {
  const hour = hours.get(request) ?? presentHour();
  hours.set(request, hour);
  return hour;
}
