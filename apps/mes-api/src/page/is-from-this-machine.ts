import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether a request was made on this machine and to it by one of its own names.
 *
 * The names matter because a page of any origin may have its own name lead to 127.0.0.1 (DNS rebinding), and would be of the
 * same origin then.
 */
export function isFromThisMachine({ socket, hostname }: Pick<FastifyRequest, 'socket' | 'hostname'>): boolean {
  const name = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return isLoopback(socket.remoteAddress ?? '') && (name === 'localhost' || isLoopback(name));
}

function isLoopback(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && LOOPBACK.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
