import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods that the path of a request has; none if there is no such path. */
    methodsOf: (request: FastifyRequest) => readonly string[];
  }
}

/** Remembers the methods of each path. Must be called before the routes are declared. */
export function rememberMethods(server: FastifyInstance): void {
  const routes: { readonly segments: readonly string[]; readonly method: string }[] = [];
  server.addHook('onRoute', ({ url, method }) => {
    for (const one of [method].flat()) routes.push({ segments: url.split('/'), method: one });
  });
  server.decorate('methodsOf', ({ url }) => {
    // As the router reads it. What cannot be decoded was refused before.
    const path = decodeURI(url.split('?', 1)[0] ?? '').split('/');
    const fitting = routes.filter(({ segments }) => fits(segments, path));
    return [...new Set(fitting.map(({ method }) => method))].sort();
  });
}

function fits(segments: readonly string[], path: readonly string[]): boolean {
  // The route * of CORS alone is no path.
  if (segments.length > 1 && segments.at(-1) === '*') {
    const parents = segments.slice(0, -1);
    return path.length > parents.length && fits(parents, path.slice(0, parents.length));
  }
  const fitsAt = (name: string, at: number): boolean => name === path[at] || (name.startsWith(':') && path[at] !== '');
  return segments.length === path.length && segments.every(fitsAt);
}
