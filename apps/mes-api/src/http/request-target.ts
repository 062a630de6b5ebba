import type { IncomingMessage } from 'node:http';

/** RFC 9112, section 3.2.2. `https` targets over a connection without TLS are refused: RFC 9110, section 7.4. */
const ABSOLUTE_FORM = /^http:\/\/([^/?#]+)([/?].*)?$/i;

/** Characters that neither path nor query may contain: RFC 3986, sections 3.3 and 3.4. */
const FORBIDDEN = /[^\w\-.~!$&'()*+,;=:@/?%]|%(?![\da-f]{2})/i;

/**
 * Turns request targets into paths of routes. What begins with the base path loses it; other paths stay as they are: the proxy may
 * have removed it, and the requests of orchestrators and of Prometheus come past the proxy. Must be called before the router.
 */
export function routePath(basePath: string): (request: IncomingMessage) => string {
  return (request) => {
    const target = toOriginForm(request);
    if (!target.startsWith(basePath)) return target;
    const rest = target.slice(basePath.length);
    if (rest.startsWith('/')) return rest;
    return rest === '' || rest.startsWith('?') ? `/${rest}` : target;
  };
}

/**
 * The request target in origin-form. Of a target in absolute-form, the authority replaces `Host`: RFC 9112, section 3.2.2. Other
 * targets are returned unchanged.
 */
function toOriginForm({ url = '', headers }: IncomingMessage): string {
  if (url.startsWith('/')) return url;
  const [, authority, rest = ''] = ABSOLUTE_FORM.exec(url) ?? [];
  // HTTP/1.1 requires a Host header with the absolute-form as well.
  if (authority === undefined || headers.host === undefined) return url;
  headers.host = authority;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Why a request target is malformed: not in origin-form (RFC 9112, section 3.2), or not percent-encoded UTF-8. */
export function targetFault({ method, url = '' }: IncomingMessage): string | undefined {
  if (!url.startsWith('/')) {
    const isAsterisk = url === '*' && method === 'OPTIONS';
    return isAsterisk ? undefined : 'the request target must be a path, with or without a query, or an http URL';
  }
  if (FORBIDDEN.test(url)) {
    return 'the request target must have no fragment and must be percent-encoded (RFC 3986)';
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
