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

const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?$/i;

/** The address in the `Host` header, if it is one. A trusted proxy can replace Fastify's `request.host`. */
export function addressAsked({ raw: { headers } }: Pick<FastifyRequest, 'raw'>): URL | undefined {
  const { host = '' } = headers;
  return HOST.test(host) && URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
}

/** The host of an address, without the brackets of IPv6. */
export function hostOf(address: URL | undefined): string {
  return address?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
}

/** Whether a host is one by which this machine reaches itself, and which cannot be pointed elsewhere. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}
