import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { StreamableFile } from '@nestjs/common';

/** The content codings that responses are kept in: RFC 9110, section 8.4.1. */
export type ContentCoding = 'identity' | 'br' | 'gzip';

/** One form of a response, ready to be sent. */
export interface Representation {
  readonly coding: ContentCoding;
  readonly body: Buffer;
  /** Strong entity tag of exactly these bytes, with its quotes: RFC 9110, section 8.8.3. */
  readonly entityTag: string;
}

/** A response as JSON, ready to be sent as it is or, where it has them, in compressed forms. */
export interface CachedResponse {
  /** When the value was loaded or written, in milliseconds since the Unix epoch. */
  readonly loadedAt: number;
  readonly identity: Representation;
  readonly br?: Representation;
  readonly gzip?: Representation;
}

/** Smaller bodies fit into one network packet, compressed or not. In bytes. */
const MIN_COMPRESSED_BYTES = 1_024;

/** Of Brotli's 0 to 11. Above it, the time grows much faster than the size shrinks. */
const BROTLI_QUALITY = 5;

/** What an entity tag may consist of (RFC 9110, section 8.8.3), within ASCII. */
const ENTITY_TAG = /^[\x21\x23-\x7e]*$/;

const brotli = promisify(brotliCompress);
const deflate = promisify(gzip);

/**
 * Serialises a value. This is the only time: hits send these bytes.
 *
 * @param version stands at the beginning of the entity tag, so that clients can give it back in `If-Match`
 * @throws {TypeError} if the value is nothing that JSON can tell, or the version nothing that may stand in an entity tag
 */
export function toCachedResponse(value: unknown, version?: string): CachedResponse {
  const json = isStreamOrBytes(value) ? undefined : (JSON.stringify(value) as string | undefined);
  if (json === undefined)
    throw new TypeError('this value cannot be cached: it must be JSON, not undefined, a stream or a file');
  if (version !== undefined && !ENTITY_TAG.test(version)) {
    throw new TypeError('this version cannot stand in an entity tag: it must be visible ASCII without quotes');
  }
  const body = ownBytes(Buffer.from(json));
  return { loadedAt: Date.now(), identity: { coding: 'identity', body, entityTag: entityTagOf(body, version) } };
}

/** The response with its compressed forms. Node compresses in threads of its own, beside the event loop. */
export async function compressed({ loadedAt, identity }: CachedResponse): Promise<CachedResponse> {
  if (identity.body.length < MIN_COMPRESSED_BYTES) return { loadedAt, identity };
  const [br, gz] = await Promise.all([
    brotli(identity.body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: identity.body.length,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      },
    }),
    deflate(identity.body),
  ]);
  return { loadedAt, identity, br: variant(identity, 'br', br), gzip: variant(identity, 'gzip', gz) };
}

/** A strong entity tag of exactly these bytes: RFC 9110, section 8.8.3. */
export function entityTagOf(body: Buffer, version?: string): string {
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 27);
  return version === undefined ? `"${digest}"` : `"${version}-${digest}"`;
}

/** Nest sends what such an object contains. JSON would tell its insides, or nothing. */
function isStreamOrBytes(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { pipe, [Symbol.asyncIterator]: iterate } = value as { pipe?: unknown; [Symbol.asyncIterator]?: unknown };
  return (
    [StreamableFile, Response, Blob, ArrayBuffer].some((type) => value instanceof type) ||
    ArrayBuffer.isView(value) ||
    typeof pipe === 'function' ||
    typeof iterate === 'function'
  );
}

/** Other bytes need another strong entity tag: RFC 9110, section 8.8.3.3. */
function variant(identity: Representation, coding: ContentCoding, body: Buffer): Representation {
  return { coding, body: ownBytes(body), entityTag: identity.entityTag.replace(/"$/, `-${coding}"`) };
}

/** The same bytes in memory of their own. Node cuts small buffers out of larger ones, which would be kept as a whole. */
function ownBytes(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
