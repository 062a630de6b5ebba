import type { ApiAnswer } from '../support/orders-api.js';
import type { SentRequest } from './fuzzed-request.js';

const LONGEST = 2_000;

/** A readable description of a request and its response, without the token. */
export function transcriptLine(caller: string, request: SentRequest, answer: ApiAnswer<unknown> | undefined): string {
  const { method, path, headers, body } = request;
  const shown = headers.filter(([name]) => name !== 'Authorization').map(([name, value]) => `${name}: ${value}`);
  const lines = [
    `${caller}: ${method} ${path}`,
    ...shown.map((header) => `    ${JSON.stringify(header)}`),
    ...(body === undefined ? [] : [`    ${body}`]),
    answer ? `  -> ${answer.status} ${JSON.stringify(answer.body)}` : '  -> nothing',
  ];
  return lines.map((line) => (line.length > LONGEST ? `${line.slice(0, LONGEST)}… (${line.length})` : line)).join('\n');
}
