import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { REQUEST_ID_HEADER } from './request-id.js';
import { MAX_URL_LENGTH } from './request-limits.js';
import { SECURITY_HEADERS } from './security-headers.js';
import { codeFor, problemDocument } from '../problem-details/problem-document.js';
import { Problem } from '../problem-details/problem.js';

/** Answers requests that the router refuses: the path cannot be decoded, or a parameter is too long. People get the page. */
export function refuseUnroutable(
  { statusCode = 400 }: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.headers({ ...SECURITY_HEADERS, [REQUEST_ID_HEADER]: request.id });
  if (request.server.answerLost?.(request, reply) === true) return;
  void reply
    .status(statusCode)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(problemDocument(refusal(statusCode, 'The path cannot be read.'), request.id));
}

/** Status codes for errors of Node's HTTP parser. Any other error is a bad request. */
const UNREADABLE: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

const FIRST_LINE_TOO_LONG = new RegExp(`^[A-Z]+ [^\\r\\n]{${MAX_URL_LENGTH},}`);

/** How long a refused client may go on sending, in milliseconds. */
const LINGER_MS = 2_000;

interface UnreadableRequestError extends Error {
  readonly code?: string;
  /** The bytes that Node was reading: a buffer, unlike in Fastify's types. */
  readonly rawPacket?: unknown;
}

/** The response to the last request with a body, by connection. */
const responses = new WeakMap<Socket, ServerResponse>();

/** Records responses, so that {@link refuseUnreadable} recognises requests that have already been answered. */
export function watchBodies(server: FastifyInstance): void {
  server.addHook('onRequest', ({ headers, socket }, { raw }, done) => {
    if (headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined)
      responses.set(socket, raw);
    done();
  });
}

/** Whether the unreadable bytes belong to an answered request: the client would take a second answer for that to the next request. */
function isAnswered({ headersSent, req }: ServerResponse): boolean {
  return headersSent && !req.complete;
}

/** Whether the unreadable bytes follow a request that is being served: the client would take a refusal for the answer to that one. */
function isServed({ headersSent, req }: ServerResponse): boolean {
  return !headersSent && req.complete;
}

/**
 * Answers bytes that are not an HTTP request, and closes the connection, because the start of the next request is unknown.
 *
 * What the client is still sending is read and dropped first. At an unread byte, the operating system resets the connection, and the
 * answer may be lost: a proxy would take this instance for a dead one.
 */
export function refuseUnreadable(error: UnreadableRequestError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error);
    return;
  }
  const response = responses.get(socket);
  if (response && isAnswered(response)) {
    socket.destroySoon();
    return;
  }
  if (response && isServed(response)) {
    response.setHeader('connection', 'close');
    return;
  }
  const packet = Buffer.isBuffer(error.rawPacket) ? error.rawPacket.toString('latin1') : '';
  const status = statusOf(error, packet);
  const requestId = randomUUID();
  const document = problemDocument(refusal(status, 'The request cannot be read.'), requestId);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(document)}`,
    'Cache-Control: no-store',
    'Connection: close',
    `${REQUEST_ID_HEADER}: ${requestId}`,
    ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
  ];
  const isHead = packet.startsWith('HEAD ');
  socket.removeAllListeners('data').on('data', () => undefined);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${isHead ? '' : document}`);
  const patience = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => {
    clearTimeout(patience);
  });
}

/** Node counts the first line as a header. */
function statusOf({ code = '' }: UnreadableRequestError, packet: string): number {
  if (code === 'HPE_HEADER_OVERFLOW' && FIRST_LINE_TOO_LONG.test(packet)) return 414;
  return UNREADABLE[code] ?? 400;
}

function refusal(status: number, detail: string): Problem {
  return new Problem({ status, code: codeFor(status), detail });
}
