import type { Role } from './role.js';

/** Who makes a request, as the token says. */
export interface Caller {
  /** The claim `sub`. */
  readonly subject: string;
  readonly roles: readonly Role[];
  /** When the token is not good any more, the leeway for clocks included; in milliseconds since 1970. */
  readonly expiresAt: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route that is not public, for callers who were authenticated, whether they may call it or not. */
    caller?: Caller;
  }
}
