import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { trusts, type TrustProxy } from '../config/trust-proxy.js';

/** The header with the id of a request, in requests of trusted proxies and in all responses. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** What an id looks like: nothing that could be anything else in a log. */
const ID = /^[\w.-]{8,64}$/;

/** Gives each request its id: that of a trusted proxy (`TRUST_PROXY`), or else a new one. */
export function requestIds(trustProxy: TrustProxy): (request: IncomingMessage) => string {
  return ({ headers, socket }) => {
    const given = headers[REQUEST_ID_HEADER];
    // Few requests have one, so the address is seldom looked at.
    return typeof given === 'string' && ID.test(given) && trusts(trustProxy, socket.remoteAddress)
      ? given
      : randomUUID();
  };
}
