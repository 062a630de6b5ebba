import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Configuration } from '../config/configuration.js';
import { addressAsked, hostOf, isForwarded, isLoopback, isThisMachine } from '../http/this-machine.js';
import { Problem } from '../problem-details/problem.js';

/**
 * Keeps the numbers of the business from everybody who reaches the port: with `METRICS_TOKEN`, they are for those with the token;
 * without it, for this machine.
 */
@Injectable()
export class MetricsAccessGuard implements CanActivate {
  constructor(private readonly configuration: Configuration) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { metricsToken, corsOrigins } = this.configuration;
    if (metricsToken === undefined) {
      if (isFromHere(request, corsOrigins)) return true;
      throw new Problem({
        status: 403,
        code: 'METRICS_LOCAL_ONLY',
        detail:
          'Metrics are given to this machine only, at localhost or 127.0.0.1. For others, set METRICS_TOKEN and send it as a ' +
          'bearer token.',
      });
    }
    const [, token = ''] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (isSame(token, metricsToken)) return true;
    throw new Problem({
      status: 401,
      code: 'METRICS_TOKEN_INVALID',
      detail: 'Send the value of METRICS_TOKEN as a bearer token.',
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
}

/** Whether a program on this machine asks, or a page there that is the API's own or has one of these origins. */
function isFromHere(request: FastifyRequest, origins: readonly string[]): boolean {
  const asked = addressAsked(request);
  const { origin } = request.raw.headers;
  const isOwn = origin === undefined || origin === asked?.origin || origins.includes(origin);
  return isOwn && isThisMachine(hostOf(asked)) && isLoopback(request.socket.remoteAddress) && !isForwarded(request);
}

/** Takes the same time for every wrong token. Digests have the same length, which the comparison requires. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((token) => createHash('sha256').update(token).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
