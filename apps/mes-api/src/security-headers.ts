import { ServerResponse, type IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';

/** Helmet's headers, which are the same for all answers and so are made once. What is served without TLS is meant to be. */
export const SECURITY_HEADERS = securityHeaders();

/** Sets them on everything that is sent. */
export function addSecurityHeaders(server: FastifyInstance): void {
  server.addHook('onSend', (_request, reply, payload, done) => {
    reply.headers(SECURITY_HEADERS);
    done(null, payload);
  });
}

function securityHeaders(): Readonly<Record<string, string>> {
  const request = { method: 'GET' } as IncomingMessage;
  const response = new ServerResponse(request);
  helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } })(request, response, (error) => {
    if (error instanceof Error) throw error;
  });
  return Object.fromEntries(Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]));
}
