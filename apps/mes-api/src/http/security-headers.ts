import { ServerResponse, type IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';

/** Helmet's headers, computed once because they are the same for all responses. They do not force TLS. */
export const SECURITY_HEADERS = securityHeaders();

/**
 * Sets the headers on every response. What says nothing about caches is kept by none: some proxies and content delivery networks would
 * choose a time themselves, also for an answer that only one caller may see.
 */
export function addSecurityHeaders(server: FastifyInstance): void {
  server.addHook('onSend', (_request, reply, payload, done) => {
    reply.headers(SECURITY_HEADERS);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    done(null, payload);
  });
}

/**
 * The Content-Security-Policy of the operators' page: it loads only its own files.
 *
 * @param connect other origins that it connects to
 * @param frame other origins that it shows in frames
 */
export function pageSecurityPolicy(connect: readonly string[], frame: readonly string[]): string {
  const headers = securityHeaders({
    styleSrc: ["'self'"],
    // Charts are drawn with style attributes.
    styleSrcAttr: ["'unsafe-inline'"],
    fontSrc: ["'self'"],
    connectSrc: ["'self'", ...connect],
    frameSrc: ["'self'", ...frame],
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
