import * as fc from 'fast-check';
import { compressed } from '../answers/compress.js';
import { toAnswer } from '../answers/to-answer.js';
import { packEntry, unpackEntry } from './entry.js';

describe('a packed entry', () => {
  it('unpacks to what was packed, whatever its text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.nat(3_000),
        fc.array(fc.string()),
        async (text, times, stamp) => {
          const answer = await compressed(toAnswer(text.repeat(times)));
          expect(unpackEntry(packEntry({ stamp, answer }))).toEqual({ stamp, answer });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('lies in memory that holds nothing else', async () => {
    const answer = await compressed(toAnswer('x'.repeat(5_000)));
    const packed = packEntry({ stamp: ['v'], answer });
    const { identity, br, gzip } = unpackEntry(packed).answer;
    expect(br?.body.buffer).toBe(identity.body.buffer);
    expect(gzip?.body.buffer).toBe(identity.body.buffer);
    expect(identity.body.buffer.byteLength).toBe(Buffer.byteLength(packed, 'base64'));
  });
});
