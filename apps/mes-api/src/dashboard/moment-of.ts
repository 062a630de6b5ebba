import type { FastifyRequest } from 'fastify';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const moments = new WeakMap<FastifyRequest, number>();

/** Start of the current hour. */
export function currentHour(): Date {
  return startOf(HOUR, Date.now());
}

/** The hour of a request, in UTC. All parts of a request use the same. */
export function hourOf(request: FastifyRequest): Date {
  return startOf(HOUR, momentOf(request));
}

/** The minute of a request. All parts of a request use the same. */
export function minuteOf(request: FastifyRequest): Date {
  return startOf(MINUTE, momentOf(request));
}

/** The time at the first call for this request. */
function momentOf(request: FastifyRequest): number {
  const moment = moments.get(request) ?? Date.now();
  moments.set(request, moment);
  return moment;
}

function startOf(unit: number, moment: number): Date {
  return new Date(Math.floor(moment / unit) * unit);
}
