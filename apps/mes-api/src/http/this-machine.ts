import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Headers that proxies, gateways and content delivery networks add to forwarded requests. */
const FORWARDING =
  /^(?:via|cdn-loop|cf-.+|x-(?:original|envoy|azure)-.+)$|forwarded|(?:real|client|connecting|proxyuser)-?ip/;

/** Whether a proxy has forwarded the request. Its connection comes from the proxy then, and the client is unknown. */
export function isForwarded({ raw: { headers } }: Pick<FastifyRequest, 'raw'>): boolean {
  return Object.keys(headers).some((name) => FORWARDING.test(name));
}

/** Whether an IP address is one by which this machine reaches itself. */
export function isLoopback(address = ''): boolean {
  const version = isIP(address);
  return version !== 0 && LOOPBACK.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
