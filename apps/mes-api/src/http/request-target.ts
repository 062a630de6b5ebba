import type { IncomingMessage } from 'node:http';

/** RFC 9112, section 3.2.2. Requests for `https` that come over a connection without TLS are refused: RFC 9110, section 7.4. */
const ABSOLUTE_FORM = /^http:\/\/([^/?#]+)([/?].*)?$/i;

/** What RFC 3986, sections 3.3 and 3.4, has in neither path nor query. */
const FORBIDDEN = /[^\w\-.~!$&'()*+,;=:@/?%]|%(?![\da-f]{2})/i;

/**
 * The request target as everybody reads it: absolute-form is turned into origin-form, and its authority takes the place of
 * `Host`, as RFC 9112, section 3.2.2, demands. Others are returned as they are. To be called before the router.
 */
export function toOriginForm({ url = '', headers }: IncomingMessage): string {
  if (url.startsWith('/')) return url;
  const [, authority, rest = ''] = ABSOLUTE_FORM.exec(url) ?? [];
  // HTTP/1.1 demands a Host header also of those who use the absolute-form.
  if (authority === undefined || headers.host === undefined) return url;
  headers.host = authority;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Why a request target is not one: RFC 9112, section 3.2, in origin-form, and with percent-encoded UTF-8 only. */
export function targetFault({ method, url = '' }: IncomingMessage): string | undefined {
  if (!url.startsWith('/')) {
    const isAsterisk = url === '*' && method === 'OPTIONS';
    return isAsterisk ? undefined : 'the request target must be a path, with or without a query, or an http URL';
  }
  if (FORBIDDEN.test(url)) {
    return 'the request target must have no fragment, and all but letters, digits and a few signs percent-encoded (RFC 3986)';
  }
  return isDecodable(url) ? undefined : 'the request target must be percent-encoded UTF-8';
}

function isDecodable(url: string): boolean {
  if (!url.includes('%')) return true;
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
