import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** As some proxies write it: with the port. */
const WITH_PORT = /^(?:\[(.+)\]|([\d.]+)):\d{1,5}$/;

/** The address that a request was sent from: what trusted proxies say (`TRUST_PROXY`), if that is one, or the other end. */
export function clientAddress({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  const [, v6, v4] = WITH_PORT.exec(ip) ?? [];
  const address = v6 ?? v4 ?? ip;
  return isIP(address) === 0 ? (socket.remoteAddress ?? 'unknown') : address;
}
