import type { FastifyHttpOptions, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { Configuration } from '../config/configuration.js';
import { codeFor } from '../problem-details/problem-document.js';
import { Problem } from '../problem-details/problem.js';

/** Orders are small: a larger body is not an order. */
const MAX_BODY_BYTES = 64 * 1024;

/** The first line and the headers together. Node's HTTP parser reads no further. */
const MAX_HEAD_BYTES = 16 * 1024;

export const MAX_URL_LENGTH = 8 * 1024;

const MAX_HEADERS = 100;

/** Longest time until Node notices a request that has exceeded its time, in milliseconds. */
const MAX_CHECKING_INTERVAL = 5_000;

type ServerLimits = Pick<
  FastifyHttpOptions<RawServerDefault>,
  'bodyLimit' | 'requestTimeout' | 'keepAliveTimeout' | 'connectionTimeout' | 'http'
>;

/** The limits of Fastify and Node on the size of a request and on the time for receiving it. */
export function serverLimits({
  requestTimeout,
  keepAliveTimeout,
}: Pick<Configuration, 'requestTimeout' | 'keepAliveTimeout'>): ServerLimits {
  return {
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout,
    keepAliveTimeout,
    // For connections without traffic. While a request is served, there may be none.
    connectionTimeout: requestTimeout * 2,
    http: {
      // Node's own answer has no body. Requests without Host are refused with the other malformed ones.
      requireHostHeader: false,
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: requestTimeout,
      // Fastify sets it later, but Node compares the two at once.
      requestTimeout,
      connectionsCheckingInterval: Math.min(MAX_CHECKING_INTERVAL, requestTimeout / 2),
    },
  };
}

/** Refuses long URLs and many headers that Node's parser still accepts. */
export function refuseOversized(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    done(oversized(request));
  });
}

function oversized({ raw }: FastifyRequest): Problem | undefined {
  if ((raw.url ?? '').length > MAX_URL_LENGTH) return refusal(414, 'The URL is too long.');
  // Names and values by turns.
  if (raw.rawHeaders.length > MAX_HEADERS * 2) return refusal(431, 'There are too many headers.');
  return undefined;
}

function refusal(status: number, detail: string): Problem {
  return new Problem({ status, code: codeFor(status), detail });
}
