import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { pageSecurityPolicy } from '../http/security-headers.js';

/** The client-side routes of the page. All of them serve the same document. */
const PAGE_ROUTES = ['/', '/board', '/mine', '/dashboard', '/orders/:id', '/signed-in'];

/** Parts of `Accept-Encoding` headers that no browser sends for scripts and styles. */
const EXCLUSION_OR_WILDCARD = /\*|;\s*q=0(?:\.0*)?\s*(?:,|$)/i;

const YEAR_IN_SECONDS = 31_536_000;

/**
 * Serves the operators' page, if it has been built.
 *
 * @param directory the output of the build
 * @param issuer the issuer of tokens, to which the page connects
 */
export async function servePage(server: FastifyInstance, directory: string, issuer: string | undefined): Promise<void> {
  if (!existsSync(join(directory, 'assets'))) return;
  const policy = pageSecurityPolicy(issuer);
  const document = await readFile(join(directory, 'index.html'));
  // Somebody who mistypes an address gets the page, which says so. Programs get a problem.
  server.addHook('onRequest', (request, reply, done) => {
    if (isLost(request)) void reply.code(404).header('cache-control', 'no-cache').type('text/html').send(document);
    else done();
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    if (isLost(request)) reply.header('content-security-policy', policy);
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
      const isDocument = reply.getHeader('content-type')?.toString().startsWith('text/html') === true;
      if (isDocument) reply.header('content-security-policy', policy);
      if (reply.statusCode < 400) {
        const isNamedByContent = request.routeOptions.url?.startsWith('/assets/') === true;
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
      // The API documentation registers the same plugin.
      decorateReply: !scope.hasReplyDecorator('sendFile'),
      globIgnore: ['**/*.{br,gz,html}'],
    });
    for (const route of PAGE_ROUTES) {
      scope.get(route, (_request, reply) => reply.sendFile('index.html', directory));
    }
  });
}

/** Whether somebody has opened an address in a browser that does not exist. The paths of the API are for programs. */
function isLost({ is404, method, headers, url }: FastifyRequest): boolean {
  const isForPeople = !url.startsWith('/api/') && !url.startsWith('/assets/');
  return is404 && method === 'GET' && isForPeople && headers.accept?.includes('text/html') === true;
}
