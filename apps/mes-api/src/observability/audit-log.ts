import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { clientAddress } from '../http/client-address.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What is done by calling the route, if it is to be known afterwards who did it. */
    readonly audited?: string;
  }

  interface FastifyRequest {
    /** What exactly, once that is known to be well-formed. */
    auditedDetails?: Readonly<Record<string, unknown>>;
  }
}

/**
 * Writes a line for every call of a route with `@RouteConfig({ audited: … })`, whatever became of it: who did what when, and
 * with what result. To be called before the routes are declared.
 */
export function keepAuditLog(server: FastifyInstance, log: Logger): void {
  server.addHook('onRoute', (route) => {
    const action = route.config?.audited;
    if (action === undefined) return;
    const write = (request: FastifyRequest, { statusCode: status }: FastifyReply, done: () => void): void => {
      const audit = {
        // Nobody whose token was found good.
        subject: request.caller?.subject ?? null,
        address: clientAddress(request),
        action,
        ...request.auditedDetails,
        status,
        result: status < 400 ? 'done' : status < 500 ? 'refused' : 'failed',
        requestId: request.id,
      };
      log.info({ context: 'Audit', audit }, `${audit.subject ?? 'somebody'}: ${action}: ${audit.result}`);
      done();
    };
    route.onResponse = [route.onResponse ?? [], write].flat();
  });
}
