import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Some proxies add the port. */
const WITH_PORT = /^(?:\[(.+)\]|([\d.]+)):\d{1,5}$/;

/** The IP address of the client: the one that trusted proxies report (`TRUST_PROXY`), or else the address of the connection. */
export function clientAddress({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  const [, v6, v4] = WITH_PORT.exec(ip) ?? [];
  const address = v6 ?? v4 ?? ip;
  return isIP(address) === 0 ? (socket.remoteAddress ?? 'unknown') : address;
}
