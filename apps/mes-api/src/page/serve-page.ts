import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { preferredCoding } from '@mes/cache';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { pageSecurityPolicy } from '../http/security-headers.js';

/** The addresses that the page makes of its own: all of them are the same document. */
const PAGE_ROUTES = ['/', '/mine', '/dashboard', '/orders/:id', '/signed-in'];

const YEAR_IN_SECONDS = 31_536_000;

/**
 * Serves the operators' page, if it has been built.
 *
 * @param directory that it was built into
 * @param issuer of tokens, which the page must be able to reach
 */
export async function servePage(server: FastifyInstance, directory: string, issuer: string | undefined): Promise<void> {
  if (!existsSync(join(directory, 'assets'))) return;
  const policy = pageSecurityPolicy(issuer);
  await server.register(async (scope) => {
    // The plugin below would read the header for itself, and sends gzip to who refuses it with `gzip;q=0, *`.
    scope.addHook('onRequest', ({ headers }, _reply, done) => {
      headers['accept-encoding'] = preferredCoding(headers['accept-encoding']);
      done();
    });
    // Each build has names of its own for what it is made of; what they are is in the document.
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
      // The documentation is served by a plugin of the same kind.
      decorateReply: !scope.hasReplyDecorator('sendFile'),
      globIgnore: ['**/*.{br,gz,html}'],
    });
    for (const route of PAGE_ROUTES) {
      scope.get(route, (_request, reply) => reply.sendFile('index.html', directory));
    }
  });
}
