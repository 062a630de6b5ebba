import * as fc from 'fast-check';
import { compressed } from './compress.js';
import { toCachedResponse } from './to-cached-response.js';
import { packEntry, unpackEntry } from './entry.js';

describe('a packed entry', () => {
  it('unpacks to what was packed, whatever its text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.nat(3_000),
        fc.array(fc.string()),
        async (text, times, vector) => {
          const answer = await compressed(toCachedResponse(text.repeat(times)));
          expect(unpackEntry(packEntry({ vector, answer }))).toEqual({ vector, answer });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('lies in memory that holds nothing else', async () => {
    const answer = await compressed(toCachedResponse('x'.repeat(5_000)));
    const packed = packEntry({ vector: ['v'], answer });
    const { identity, br, gzip } = unpackEntry(packed).answer;
    expect(br?.body.buffer).toBe(identity.body.buffer);
    expect(gzip?.body.buffer).toBe(identity.body.buffer);
    expect(identity.body.buffer.byteLength).toBe(Buffer.byteLength(packed, 'base64'));
  });
});
