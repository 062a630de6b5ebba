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

/** What the operators' page may load: nothing but what is its own, and the issuer of tokens by scripts and in frames. */
export function pageSecurityPolicy(issuer: string | undefined): string {
  const origins = ["'self'", ...(issuer === undefined ? [] : [new URL(issuer).origin])];
  const headers = securityHeaders({
    styleSrc: ["'self'"],
    // Of elements: charts are drawn with them.
    styleSrcAttr: ["'unsafe-inline'"],
    fontSrc: ["'self'"],
    connectSrc: origins,
    frameSrc: origins,
  });
  return headers['content-security-policy'] ?? '';
}

type Directives = Readonly<Record<string, readonly string[]>>;

function securityHeaders(directives: Directives = {}): Readonly<Record<string, string>> {
  const request = { method: 'GET' } as IncomingMessage;
  const response = new ServerResponse(request);
  const contentSecurityPolicy = { directives: { upgradeInsecureRequests: null, ...directives } };
  helmet({ contentSecurityPolicy })(request, response, (error) => {
    if (error instanceof Error) throw error;
  });
  return Object.fromEntries(Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]));
}
