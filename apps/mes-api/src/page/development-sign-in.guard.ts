import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { Configuration } from '../config/configuration.js';
import { addressAsked, hostOf, isForwarded, isLoopback, isThisMachine } from '../http/this-machine.js';
import { Problem } from '../problem-details/problem.js';

/**
 * Refuses tokens for development to requests through proxies, to pages of other origins and, unless `DEVELOPMENT_SIGN_IN` is
 * `open`, to other machines.
 *
 * A request through a proxy has the address of the proxy, so the client is unknown. A page of any origin can point its own host
 * name at this machine (DNS rebinding) and become same-origin. Therefore the host must be an IP address or `localhost`, which
 * cannot be pointed elsewhere.
 */
@Injectable()
export class DevelopmentSignInGuard implements CanActivate {
  constructor(private readonly configuration: Configuration) {}

  canActivate(context: ExecutionContext): boolean {
    const detail = this.objectionTo(context.switchToHttp().getRequest<FastifyRequest>());
    if (detail !== undefined) throw new Problem({ status: 403, code: 'DEVELOPMENT_SIGN_IN_REFUSED', detail });
    return true;
  }

  private objectionTo(request: FastifyRequest): string | undefined {
    const {
      socket,
      raw: { headers },
    } = request;
    const { auth, corsOrigins, developmentSignIn } = this.configuration;
    if (auth) return 'Tokens come from the issuer.';
    if (corsOrigins.includes('*')) return 'Tokens for development are not issued while CORS_ORIGINS is *.';
    if (isForwarded(request)) {
      return 'Tokens for development are not issued through proxies.';
    }
    const asked = addressAsked(request);
    const name = hostOf(asked);
    if (name !== 'localhost' && isIP(name) === 0) {
      return 'Tokens for development are issued at localhost or at an IP address only.';
    }
    if (developmentSignIn === 'local' && !(isLoopback(socket.remoteAddress) && isThisMachine(name))) {
      return 'Tokens for development are issued on this machine only.';
    }
    if (headers.origin !== undefined && headers.origin !== asked?.origin && !corsOrigins.includes(headers.origin)) {
      return 'Tokens for development are issued to pages of this origin and of those in CORS_ORIGINS only.';
    }
    return undefined;
  }
}
