import type { CachedResponse, Representation } from './cached-response.js';
import type { VersionVector } from '../versions/version-vector.js';

/** An answer as it is stored. */
export interface Entry {
  readonly vector: VersionVector;
  readonly answer: CachedResponse;
}

const CODINGS = ['identity', 'br', 'gzip'] as const;

/** What an entry of the near cache takes beside its bodies and its key: measured, and rounded up. */
const OVERHEAD_BYTES = 4_096;

/** The memory that an entry and its key take, in bytes. */
export function sizeOf(entry: Entry, key: string): number {
  const bodies = representationsOf(entry.answer).reduce((sum, { body }) => sum + body.length, 0);
  return bodies + 2 * key.length + OVERHEAD_BYTES;
}

/**
 * The entry as one text: a line that describes it and then the bodies, in base64, because stores for cache-manager take
 * values that can be written as JSON.
 */
export function packEntry({ vector, answer }: Entry): string {
  const representations = representationsOf(answer);
  const head = {
    vector,
    parts: representations.map(({ coding, entityTag, body }) => ({ coding, entityTag, length: body.length })),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...representations.map(({ body }) => body)]).toString(
    'base64',
  );
}

/** The opposite of {@link packEntry}. All bodies lie in one piece of memory that holds nothing else. */
export function unpackEntry(packed: string): Entry {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(packed, 'base64'));
  bytes.write(packed, 'base64');
  const headEnd = bytes.indexOf('\n');
  const { vector, parts } = JSON.parse(bytes.toString('utf8', 0, headEnd)) as {
    vector: VersionVector;
    parts: (Pick<Representation, 'coding' | 'entityTag'> & { length: number })[];
  };
  let begin = headEnd + 1;
  const representations = parts.map(({ coding, entityTag, length }) => {
    const representation = { coding, entityTag, body: bytes.subarray(begin, begin + length) };
    begin += length;
    return [coding, representation] as const;
  });
  return { vector, answer: Object.fromEntries(representations) as unknown as CachedResponse };
}

function representationsOf(answer: CachedResponse): Representation[] {
  return CODINGS.flatMap((coding) => answer[coding] ?? []);
}
