import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { Configuration } from '../config/configuration.js';
import { isForwarded, isLoopback } from '../http/this-machine.js';
import { Problem } from '../problem-details/problem.js';

const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?$/i;

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
    const asked = addressAsked(headers.host);
    const name = asked?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
    if (name !== 'localhost' && isIP(name) === 0) {
      return 'Tokens for development are issued at localhost or at an IP address only.';
    }
    if (
      developmentSignIn === 'local' &&
      !(isLoopback(socket.remoteAddress) && (name === 'localhost' || isLoopback(name)))
    ) {
      return 'Tokens for development are issued on this machine only.';
    }
    if (headers.origin !== undefined && headers.origin !== asked?.origin && !corsOrigins.includes(headers.origin)) {
      return 'Tokens for development are issued to pages of this origin and of those in CORS_ORIGINS only.';
    }
    return undefined;
  }
}

/** The address in the `Host` header. A trusted proxy can replace Fastify's `request.host`. */
function addressAsked(host = ''): URL | undefined {
  return HOST.test(host) && URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
}
