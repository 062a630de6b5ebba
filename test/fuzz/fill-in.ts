import type { Memory } from './memory.js';
import type { FuzzedRequest, SentRequest } from './fuzzed-request.js';

/** Replaces the placeholders of a request with remembered values. */
export function fillIn(
  { operation, method, id, pathSuffix, query, querySuffix, headers, body }: FuzzedRequest,
  authorization: string | undefined,
  memory: Memory,
): SentRequest {
  const path = operation.path.replace('{id}', encoded(memory.recall(id.value)));
  const pairs = query.value.map(([name, text]) => `${encoded(name)}=${encoded(memory.recall(text))}`);
  const search = `${pairs.join('&')}${querySuffix}`;
  const contentType = body?.value.contentType;
  return {
    method: method.value,
    path: `${path}${pathSuffix}${search === '' ? '' : `?${search}`}`,
    headers: [
      ...(authorization === undefined ? [] : [['Authorization', authorization] as const]),
      ...(contentType === undefined ? [] : [['Content-Type', contentType] as const]),
      ...headers.value.map(([name, text]) => [name, memory.recall(text)] as const),
    ],
    body: body?.value.text,
  };
}

/** Percent-encodes a text. Lone surrogates are encoded as three bytes each, which is not valid UTF-8. */
function encoded(text: string): string {
  return text.isWellFormed()
    ? encodeURIComponent(text)
    : Array.from(text, (character) => (character.isWellFormed() ? encodeURIComponent(character) : '%ED%A0%80')).join(
        '',
      );
}
