import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MAX_URL_LENGTH } from './request-limits.js';
import { SECURITY_HEADERS } from './security-headers.js';
import { codeFor, problemDocument } from '../problem-details/problem-document.js';
import { Problem } from '../problem-details/problem.js';

/** Answers what the router refuses before there is a route: a path that cannot be decoded, or with too long an id. */
export function refuseUnroutable(
  { statusCode = 400 }: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply
    .status(statusCode)
    .headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' })
    .type('application/problem+json')
    .send(problemDocument(refusal(statusCode, 'The path cannot be read.'), request.id));
}

/** What Node's HTTP parser calls it, and what it is; anything else is a bad request. */
const UNREADABLE: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

const FIRST_LINE_TOO_LONG = new RegExp(`^[A-Z]+ [^\\r\\n]{${MAX_URL_LENGTH},}`);

interface UnreadableRequestError extends Error {
  readonly code?: string;
  /** What Node was reading: a buffer, whatever Fastify's types say. */
  readonly rawPacket?: unknown;
}

/** The responses to requests with a body, by connection; to the last one of each. */
const responses = new WeakMap<Socket, ServerResponse>();

/** Lets {@link refuseUnreadable} know which requests have been answered already. */
export function watchBodies(server: FastifyInstance): void {
  server.addHook('onRequest', ({ headers, socket }, { raw }, done) => {
    if (headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined)
      responses.set(socket, raw);
    done();
  });
}

/** Whether what cannot be read belongs to a request that has its answer: a second one would be taken for that to the next. */
function isAnswered(socket: Socket): boolean {
  const response = responses.get(socket);
  return response?.headersSent === true && !response.req.complete;
}

/** Answers, on the bare connection, what is no HTTP request, and closes it: nobody knows where the next one would begin. */
export function refuseUnreadable(error: UnreadableRequestError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error);
    return;
  }
  if (isAnswered(socket)) {
    socket.destroySoon();
    return;
  }
  const packet = Buffer.isBuffer(error.rawPacket) ? error.rawPacket.toString('latin1') : '';
  const status = statusOf(error, packet);
  const document = problemDocument(refusal(status, 'The request cannot be read.'), randomUUID());
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(document)}`,
    'Cache-Control: no-store',
    'Connection: close',
    ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
  ];
  const isHead = packet.startsWith('HEAD ');
  socket.write(`${lines.join('\r\n')}\r\n\r\n${isHead ? '' : document}`);
  socket.destroySoon();
}

/** Node counts the first line as a header. */
function statusOf({ code = '' }: UnreadableRequestError, packet: string): number {
  if (code === 'HPE_HEADER_OVERFLOW' && FIRST_LINE_TOO_LONG.test(packet)) return 414;
  return UNREADABLE[code] ?? 400;
}

function refusal(status: number, detail: string): Problem {
  return new Problem({ status, code: codeFor(status), detail });
}
