import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The client-side routes of the page. All of them serve the same document. */
const PAGE_ROUTES = ['/', '/board', '/mine', '/dashboard', '/orders/:id', '/signed-in'];

/** Parts of `Accept-Encoding` headers that no browser sends for scripts and styles. */
const EXCLUSION_OR_WILDCARD = /\*|;\s*q=0(?:\.0*)?\s*(?:,|$)/i;

const YEAR_IN_SECONDS = 31_536_000;

/** Where the build puts the base path. */
const BASE = '<base href="/" />';

declare module 'fastify' {
  interface FastifyInstance {
    /** Answers with the page, if it is served, to somebody who has opened an address that does not exist. */
    answerLost?: (request: FastifyRequest, reply: FastifyReply) => boolean;
  }
}

/** How the operators' page is served. */
export interface ServedPage {
  /** The output of the build. */
  readonly directory: string;
  /** Where browsers find the page, such as `/mes`. */
  readonly basePath: string;
  /** The current Content-Security-Policy. */
  readonly policy: () => string;
}

/** Serves the operators' page, if it has been built. */
export async function servePage(server: FastifyInstance, { directory, basePath, policy }: ServedPage): Promise<void> {
  if (!existsSync(join(directory, 'assets'))) return;
  const built = await readFile(join(directory, 'index.html'), 'utf8');
  const document = built.replace(BASE, `<base href="${basePath}/" />`);
  // The same at all instances, and another one for another policy: with 304, browsers keep the one that they know.
  const entityTag = (): string => `"${createHash('sha256').update(document).update(policy()).digest('base64url')}"`;

  // Somebody who mistypes an address gets the page, which says so. Programs get a problem.
  const answerLost = (request: FastifyRequest, reply: FastifyReply): boolean => {
    if (!isLost(request)) return false;
    const headers = { 'cache-control': 'no-cache', 'content-security-policy': policy() };
    void reply.code(404).headers(headers).type('text/html').send(document);
    return true;
  };
  // No hook runs for an address that the router cannot read.
  server.decorate('answerLost', answerLost);
  server.addHook('onRequest', (request, reply, done) => {
    if (!answerLost(request, reply)) done();
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    if (isLost(request)) reply.header('content-security-policy', policy());
    done(null, payload);
  });
  await server.register(async (scope) => {
    // The plugin below misreads these: it answers `gzip;q=0, *` with gzip.
    scope.addHook('onRequest', ({ headers }, _reply, done) => {
      if (EXCLUSION_OR_WILDCARD.test(headers['accept-encoding'] ?? '')) headers['accept-encoding'] = 'identity';
      done();
    });
    // The document names the assets of its build, and an asset's name changes with its content.
    scope.addHook('onSend', (request, reply, payload, done) => {
      const { url = '' } = request.routeOptions;
      if (PAGE_ROUTES.includes(url)) reply.header('content-security-policy', policy());
      if (reply.statusCode < 400) {
        const isNamedByContent = url.startsWith('/assets/');
        reply.header('cache-control', isNamedByContent ? `public, max-age=${YEAR_IN_SECONDS}, immutable` : 'no-cache');
      }
      done(null, payload);
    });
    await scope.register(fastifyStatic, {
      root: directory,
      wildcard: false,
      index: false,
      preCompressed: true,
      cacheControl: false,
      decorateReply: false,
      globIgnore: ['**/*.{br,gz,html}'],
    });
    for (const route of PAGE_ROUTES) {
      scope.get(route, ({ headers }, reply): FastifyReply => {
        const tag = entityTag();
        const isKnown = headers['if-none-match']?.includes(tag) === true;
        void reply.header('etag', tag);
        return isKnown ? reply.code(304).send() : reply.type('text/html').send(document);
      });
    }
  });
}

/** Whether somebody has opened an address in a browser that does not exist. The paths of the API are for programs. */
function isLost({ is404, method, headers, url }: FastifyRequest): boolean {
  const isForPeople = !url.startsWith('/api/') && !url.startsWith('/assets/');
  return is404 && method === 'GET' && isForPeople && headers.accept?.includes('text/html') === true;
}
