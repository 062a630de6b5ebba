import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Drain } from './drain.js';

/** How often idle connections are closed. */
const IDLE_CHECK_INTERVAL_MS = 50;

/** Time limit for closing after the last request. Running statements have a shorter limit. */
export const CLOSING_MS = 8_000;

/** Times in milliseconds. */
export interface ShutdownPlan {
  /** How long the instance accepts requests after its readiness has ended. */
  readonly delay: number;
  /** Time limit for the requests in flight after that. */
  readonly grace: number;
}

/**
 * Stops an application: ends its readiness, stops listening after the delay, answers the requests in flight, and closes the
 * connections to Redis and PostgreSQL.
 *
 * @param hurry aborted to end all waiting
 * @param leavePort is called before the server stops listening, and waited for
 * @returns false if requests in flight were cut off
 */
export async function shutDown(
  application: NestFastifyApplication,
  { delay, grace }: ShutdownPlan,
  hurry: AbortSignal,
  leavePort: () => Promise<void>,
): Promise<boolean> {
  const drain = application.get(Drain, { strict: false });
  drain.begin();
  await passed(delay, hurry);
  await leavePort();

  const server: Server = application.getHttpServer();
  const closed = application.close().then(() => true);
  // close() closes idle connections only once. Connections that become idle later would stay open.
  const idleCheck = setInterval(() => {
    server.closeIdleConnections();
    drain.closeSilent();
  }, IDLE_CHECK_INTERVAL_MS);
  try {
    if (await Promise.race([closed, passed(grace, hurry)])) return true;
    server.closeIdleConnections();
    const inFlight = await connectionsOf(server);
    server.closeAllConnections();
    await Promise.race([closed, sleep(CLOSING_MS)]);
    return inFlight === 0;
  } finally {
    clearInterval(idleCheck);
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
