import { isIP } from 'node:net';
import type { FastifyServerOptions } from 'fastify';

/** The proxies whose forwarded headers are trusted, as Fastify's option `trustProxy`. */
export type TrustProxy = NonNullable<FastifyServerOptions['trustProxy']>;

/** Named ranges: RFC 1122, RFC 3927, RFC 1918 and RFC 4193. */
const NAMED_RANGES = ['loopback', 'linklocal', 'uniquelocal'];

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
  if (NAMED_RANGES.includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
