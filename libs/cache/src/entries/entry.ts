import type { VersionVector } from '../versions/version-vector.js';
import type { CachedResponse, Representation } from './cached-response.js';

/** A response as it is stored, with the versions under which it was loaded. */
export interface Entry {
  readonly vector: VersionVector;
  readonly response: CachedResponse;
}

/** An entry in L2, which names its key: a connection out of step could give it for another one. */
export interface NamedEntry extends Entry {
  readonly key: string;
}

const CODINGS = ['identity', 'br', 'gzip'] as const;

/** What an entry takes beside its bodies, its key and its versions, in bytes: measured, and rounded up. */
const OVERHEAD_BYTES = 4_096;

/** What a version takes in an entry, in bytes: measured, and rounded up. */
const VERSION_BYTES = 80;

/** The memory that an entry and its key take, in bytes. */
export function sizeOf(entry: Entry, key: string): number {
  const bodies = representationsOf(entry.response).reduce((sum, { body }) => sum + body.length, 0);
  return bodies + 2 * key.length + entry.vector.length * VERSION_BYTES + OVERHEAD_BYTES;
}

/** The entry as text: a line of JSON and then the bodies, in base64, since stores for cache-manager take no bytes. */
export function packEntry({ key, vector, response }: NamedEntry): string {
  const representations = representationsOf(response);
  const head = {
    key,
    vector,
    loadedAt: response.loadedAt,
    parts: representations.map(({ coding, entityTag, body }) => ({ coding, entityTag, length: body.length })),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...representations.map(({ body }) => body)]).toString(
    'base64',
  );
}

/** The opposite of {@link packEntry}. All bodies share one piece of memory, which holds nothing else. */
export function unpackEntry(packed: string): NamedEntry {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(packed, 'base64'));
  bytes.write(packed, 'base64');
  const headEnd = bytes.indexOf('\n');
  const { key, vector, loadedAt, parts } = JSON.parse(bytes.toString('utf8', 0, headEnd)) as {
    key: string;
    vector: VersionVector;
    loadedAt: number;
    parts: (Pick<Representation, 'coding' | 'entityTag'> & { length: number })[];
  };
  let begin = headEnd + 1;
  const representations = parts.map(({ coding, entityTag, length }) => {
    const representation = { coding, entityTag, body: bytes.subarray(begin, begin + length) };
    begin += length;
    return [coding, representation] as const;
  });
  return { key, vector, response: { loadedAt, ...Object.fromEntries(representations) } as unknown as CachedResponse };
}

function representationsOf(response: CachedResponse): Representation[] {
  return CODINGS.flatMap((coding) => response[coding] ?? []);
}
