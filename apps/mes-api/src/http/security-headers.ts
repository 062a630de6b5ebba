import { ServerResponse, type IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';

/** Helmet's headers, computed once because they are the same for all responses. They do not force TLS. */
export const SECURITY_HEADERS = securityHeaders();

/** Sets the headers on every response. */
export function addSecurityHeaders(server: FastifyInstance): void {
  server.addHook('onSend', (_request, reply, payload, done) => {
    reply.headers(SECURITY_HEADERS);
    done(null, payload);
  });
}

/** The Content-Security-Policy of the operators' page: it loads only its own files, and connects to the issuer of tokens. */
export function pageSecurityPolicy(issuer: string | undefined): string {
  const origins = ["'self'", ...(issuer === undefined ? [] : [new URL(issuer).origin])];
  const headers = securityHeaders({
    styleSrc: ["'self'"],
    // Charts are drawn with style attributes.
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
