import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { CachedResponse, ContentCoding, Representation } from './cached-response.js';
import { ownBytes } from './own-bytes.js';

/** What is smaller than this, in bytes, fits into one network packet however it is sent. */
const WORTHWHILE_BYTES = 1_024;

/** Of Brotli's 0 to 11: beyond it, the time grows much faster than the size shrinks. */
const BROTLI_QUALITY = 5;

const brotli = promisify(brotliCompress);
const deflate = promisify(gzip);

/** The answer with its compressed forms, which are made beside the event loop, once for all who will be given them. */
export async function compressed({ identity }: CachedResponse): Promise<CachedResponse> {
  if (identity.body.length < WORTHWHILE_BYTES) return { identity };
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
  return { identity, br: variant(identity, 'br', br), gzip: variant(identity, 'gzip', gz) };
}

/** Other bytes need another strong entity tag: RFC 9110, section 8.8.3.3. */
function variant(identity: Representation, coding: ContentCoding, body: Buffer): Representation {
  return { coding, body: ownBytes(body), entityTag: identity.entityTag.replace(/"$/, `-${coding}"`) };
}
