import type { FastifyInstance } from 'fastify';
import { codeFor } from '../problem-details/problem-document.js';
import { Problem } from '../problem-details/problem.js';

/** Methods whose bodies are not read. */
const WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Refuses bodies in a coding such as gzip, which would be taken for broken JSON. After the guards, which answer first. */
export function refuseCompressed(server: FastifyInstance): void {
  server.addHook('preParsing', ({ method, headers }, _reply, payload, done) => {
    const { 'content-encoding': coding = 'identity' } = headers;
    const isRefused = coding.toLowerCase() !== 'identity' && !WITHOUT_BODY.has(method);
    done(isRefused ? compressed() : null, payload);
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
