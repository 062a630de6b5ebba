import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { codeFor } from '../problem-details/problem-document.js';
import { invalidInput, Problem } from '../problem-details/problem.js';

/**
 * Reads JSON bodies by Fastify's own parser, and no other bodies: any other content type, and a compressed body, is answered with 415.
 *
 * JSON is UTF-8, whatever the content type says (RFC 8259, sections 8.1 and 11). Other bytes are refused: decoding would replace them,
 * and an order in windows-1251 would be saved with unreadable names.
 */
export function readJsonBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const { 'content-encoding': coding = 'identity' } = request.headers;
    if (coding.toLowerCase() !== 'identity') done(compressed());
    else if (isUtf8(body)) void parse(request, body.toString(), done);
    else done(invalidInput([{ field: '', message: 'the body must be JSON in UTF-8' }]));
  });
}

function compressed(): Problem {
  return new Problem({
    status: 415,
    code: codeFor(415),
    detail: 'The body must not be compressed.',
    headers: { 'accept-encoding': 'identity' },
  });
}
