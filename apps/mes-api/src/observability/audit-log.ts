import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { clientAddress } from '../http/client-address.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The action of an audited route. */
    readonly audited?: string;
  }

  interface FastifyRequest {
    /** Validated details of the action. */
    auditedDetails?: Readonly<Record<string, unknown>>;
  }
}

/**
 * Logs every call of a route with `@RouteConfig({ audited: … })`, successful or not: the caller, the action and the result. Must
 * be called before the routes are declared.
 */
export function keepAuditLog(server: FastifyInstance, log: Logger): void {
  server.addHook('onRoute', (route) => {
    const action = route.config?.audited;
    if (action === undefined) return;
    const write = (request: FastifyRequest, { statusCode: status }: FastifyReply, done: () => void): void => {
      const audit = {
        // Null without a valid token.
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
