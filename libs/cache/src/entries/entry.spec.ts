import * as fc from 'fast-check';
import { compressed, toCachedResponse } from './cached-response.js';
import { packEntry, unpackEntry } from './entry.js';

describe('a packed entry', () => {
  it('unpacks to what was packed, for any text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.nat(3_000),
        fc.array(fc.string()),
        async (text, times, vector) => {
          const response = await compressed(toCachedResponse(text.repeat(times)));
          const entry = { key: text, vector, response };
          expect(unpackEntry(packEntry(entry))).toEqual(entry);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('lies in memory that holds nothing else', async () => {
    const response = await compressed(toCachedResponse('x'.repeat(5_000)));
    const packed = packEntry({ key: 'k', vector: ['v'], response });
    const { identity, br, gzip } = unpackEntry(packed).response;
    expect(br?.body.buffer).toBe(identity.body.buffer);
    expect(gzip?.body.buffer).toBe(identity.body.buffer);
    expect(identity.body.buffer.byteLength).toBe(Buffer.byteLength(packed, 'base64'));
  });
});
