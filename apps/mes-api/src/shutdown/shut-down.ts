import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Drain } from './drain.js';

/** How often connections are closed that have had their last answer. */
const REAPING_INTERVAL_MS = 50;

/** How long closing may take when nobody is served any more: statements that are under way end before. */
const CLOSING_MS = 8_000;

/** Times in milliseconds. */
export interface ShutdownPlan {
  /** How long requests are still taken while the instance already says that it is not ready. */
  readonly delay: number;
  /** How long requests in flight may take from then on. */
  readonly grace: number;
}

/**
 * Stops an application: it is not ready from now on; after the delay it listens no more; requests in flight are answered;
 * then the connections to Redis and PostgreSQL are closed.
 *
 * @param hurry ends all waiting
 * @returns false if requests in flight were cut off, because the grace was over or because of `hurry`
 */
export async function shutDown(
  application: NestFastifyApplication,
  { delay, grace }: ShutdownPlan,
  hurry: AbortSignal,
): Promise<boolean> {
  application.get(Drain, { strict: false }).begin();
  await passed(delay, hurry);

  const server: Server = application.getHttpServer();
  const closed = application.close().then(() => true);
  // Closing closes what is idle once only; what becomes idle later would be kept for another request.
  const reaping = setInterval(() => {
    server.closeIdleConnections();
  }, REAPING_INTERVAL_MS);
  try {
    if (await Promise.race([closed, passed(grace, hurry)])) return true;
    server.closeIdleConnections();
    const inFlight = await connectionsOf(server);
    server.closeAllConnections();
    await Promise.race([closed, sleep(CLOSING_MS)]);
    return inFlight === 0;
  } finally {
    clearInterval(reaping);
  }
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => {
      if (error) reject(error);
      else resolve(count);
    });
  });
}

async function passed(milliseconds: number, hurry: AbortSignal): Promise<false> {
  return sleep(milliseconds, false as const, { signal: hurry }).catch(() => false);
}
