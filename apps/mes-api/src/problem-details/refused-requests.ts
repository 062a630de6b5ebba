import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { codeFor, problemDocument } from './problem-document.js';
import { Problem } from './problem.js';

/** Answers what the router refuses before there is a route: a path that cannot be decoded, or with too long an id. */
export function refuseUnroutable(
  { statusCode = 400 }: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply
    .status(statusCode)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(problemDocument(refusal(statusCode, 'The path cannot be read.'), request.id));
}

/** What Node's HTTP parser calls it, and what it is; anything else is a bad request. */
const UNREADABLE: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/** Answers, on the bare connection, what is no HTTP request, and closes it: nobody knows where the next one would begin. */
export function refuseUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error);
    return;
  }
  const status = UNREADABLE[error.code ?? ''] ?? 400;
  const document = problemDocument(refusal(status, 'The request cannot be read.'), randomUUID());
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(document)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${document}`);
  socket.destroySoon();
}

function refusal(status: number, detail: string): Problem {
  return new Problem({ status, code: codeFor(status), detail });
}
