import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { invalidInput, type FieldError } from '../problem-details/problem.js';
import { targetFault } from './request-target.js';

/** RFC 9110, section 7.2, with a host and a port as in RFC 3986, section 3.2. */
const HOST = /^(?:\[[\da-f:.]+\]|(?:[\w\-.~!$&'()*+,;=]|%[\da-f]{2})+)(?::\d{0,5})?$/i;

/**
 * Headers with a single value. If one is repeated, Node keeps the first value or joins all of them, and a proxy in front of it may
 * have read the last one.
 */
const SINGLE = new Set([
  ...[
    'host',
    'authorization',
    'proxy-authorization',
    'content-type',
    'content-length',
    'content-location',
    'content-range',
  ],
  ...['origin', 'access-control-request-method', 'referer', 'user-agent', 'from', 'date', 'expect', 'max-forwards'],
  ...['if-modified-since', 'if-unmodified-since', 'if-range', 'range', 'idempotency-key', 'last-event-id'],
]);

/**
 * Refuses ambiguous and invalid requests that Node's parser accepts, with 400: a proxy could read them in another way. Must be
 * called before anything else reads requests.
 */
export function refuseMalformed(server: FastifyInstance): void {
  server.addHook('onRequest', ({ raw }, _reply, done) => {
    const fault = faultOf(raw);
    done(fault && invalidInput([fault]));
  });
}

function faultOf(request: IncomingMessage): FieldError | undefined {
  const target = targetFault(request);
  if (target !== undefined) return { field: '', message: target };

  const { headers, httpVersion } = request;
  // Simple health checks send HTTP/1.0 without Host.
  const { host = httpVersion === '1.0' ? 'unknown' : '' } = headers;
  if (!HOST.test(host)) return { field: 'Host', message: 'Host must be a host, with or without a port' };

  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    return { field: 'Transfer-Encoding', message: 'Transfer-Encoding must be chunked' };
  }
  const repeated = repeatedHeader(request);
  return repeated === undefined ? undefined : { field: repeated, message: `${repeated} must not be repeated` };
}

/** A repeated header that must have a single value. */
function repeatedHeader({ rawHeaders, headers }: IncomingMessage): string | undefined {
  // rawHeaders alternates names and values. Usually no name is repeated, and the loop below is not needed.
  if (rawHeaders.length === 2 * Object.keys(headers).length) return undefined;

  const seen = new Set<string>();
  return rawHeaders.find((name, index) => {
    if (index % 2 !== 0) return false;
    const known = name.toLowerCase();
    if (SINGLE.has(known) && seen.has(known)) return true;
    seen.add(known);
    return false;
  });
}
