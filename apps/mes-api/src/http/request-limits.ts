import type { FastifyHttpOptions, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { Configuration } from '../config/configuration.js';
import { codeFor } from '../problem-details/problem-document.js';
import { Problem } from '../problem-details/problem.js';

/** Orders are small; whatever is larger than this, in bytes, is not one. */
const MAX_BODY_BYTES = 64 * 1024;

/** Of the first line and the headers together: Node's HTTP parser reads no further. */
const MAX_HEAD_BYTES = 16 * 1024;

export const MAX_URL_LENGTH = 8 * 1024;

const MAX_HEADERS = 100;

/** How late a request that takes too long may be noticed, in milliseconds. */
const MAX_CHECKING_INTERVAL = 5_000;

type ServerLimits = Pick<
  FastifyHttpOptions<RawServerDefault>,
  'bodyLimit' | 'requestTimeout' | 'keepAliveTimeout' | 'connectionTimeout' | 'http'
>;

/** How much a request may be, and how long it may take to arrive. */
export function serverLimits({
  requestTimeout,
  keepAliveTimeout,
}: Pick<Configuration, 'requestTimeout' | 'keepAliveTimeout'>): ServerLimits {
  return {
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout,
    keepAliveTimeout,
    // Of who neither sends nor reads. While a request is served, nothing needs to be on the way, either.
    connectionTimeout: requestTimeout * 2,
    http: {
      // Node would answer in one line without a body; requests without Host are refused as all others are.
      requireHostHeader: false,
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: Math.min(MAX_CHECKING_INTERVAL, requestTimeout / 2),
    },
  };
}

/** Refuses what Node still takes, but no client of this API has a reason to send. */
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
