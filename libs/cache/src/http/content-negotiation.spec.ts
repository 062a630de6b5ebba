import { compressed } from '../answers/compress.js';
import { toAnswer } from '../answers/to-answer.js';
import { preferredRepresentation } from './content-negotiation.js';

describe('content negotiation', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['br', 'br'],
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0', 'identity'],
    ['identity', 'identity'],
    ['*', 'br'],
    ['deflate', 'identity'],
    ['nonsense;;,', 'identity'],
  ])('answers Accept-Encoding %s with %s', async (header, coding) => {
    const answer = await compressed(toAnswer('gold ring '.repeat(500)));
    expect(preferredRepresentation(answer, header).coding).toBe(coding);
    expect(preferredRepresentation(answer, header).coding).toBe(coding);
  });

  it('answers uncompressed what there is in no other form', () => {
    expect(preferredRepresentation(toAnswer('short'), 'br').coding).toBe('identity');
  });
});
