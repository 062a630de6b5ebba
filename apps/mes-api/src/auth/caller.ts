import type { Role } from './role.js';

/** Who makes a request, as the token says. */
export interface Caller {
  /** The claim `sub`. */
  readonly subject: string;
  readonly roles: readonly Role[];
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the authentication guard on every route that is not public. */
    caller?: Caller;
  }
}
