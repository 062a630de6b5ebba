import { BlockList, isIP } from 'node:net';
import type { FastifyServerOptions } from 'fastify';

/** The proxies whose forwarded headers are trusted, as Fastify's option `trustProxy`. */
export type TrustProxy = NonNullable<FastifyServerOptions['trustProxy']>;

/** Named ranges: RFC 1122, RFC 3927, RFC 1918 and RFC 4193. */
const NAMED_RANGES: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/**
 * Reads a list of addresses, ranges (CIDR) and names of ranges, separated by commas, or a number of proxies.
 *
 * @returns undefined if it is neither
 */
export function parseTrustProxy(text: string): TrustProxy | undefined {
  if (text === '') return false;
  // Fastify itself trusts no proxy if the option is a number, because a number does not distinguish proxies from clients.
  if (/^[1-9]\d?$/.test(text)) return (_address, hop) => hop < Number(text);
  const ranges = text.split(',').map((range) => range.trim());
  return ranges.every(isRange) ? ranges : undefined;
}

function isRange(text: string): boolean {
  if (Object.hasOwn(NAMED_RANGES, text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** Whether the other end of a connection is a trusted proxy. */
export function trusts(trustProxy: TrustProxy, address = ''): boolean {
  if (typeof trustProxy === 'function') return trustProxy(address, 0);
  if (!Array.isArray(trustProxy)) return false;
  // An IPv4 address of a socket that listens on IPv6 as well.
  const [, mapped = address] = /^::ffff:([\d.]+)$/i.exec(address) ?? [];
  const version = isIP(mapped);
  return version !== 0 && blockListOf(trustProxy).check(mapped, version === 4 ? 'ipv4' : 'ipv6');
}

const blockLists = new WeakMap<readonly string[], BlockList>();

function blockListOf(ranges: readonly string[]): BlockList {
  const known = blockLists.get(ranges);
  if (known) return known;
  const list = new BlockList();
  for (const range of ranges.flatMap((text) => NAMED_RANGES[text] ?? [text])) {
    const [address = '', bits] = range.split('/');
    const type = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, type);
    else list.addSubnet(address, Number(bits), type);
  }
  blockLists.set(ranges, list);
  return list;
}
