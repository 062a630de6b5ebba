import { compressed, toCachedResponse } from '../entries/cached-response.js';
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
    ['*, br;q=0', 'gzip'],
    ['br;q=0, *', 'gzip'],
    ['*;q=0.1, br;q=0.0, gzip;q=0.000', 'identity'],
    ['*;q=0.5, identity', 'identity'],
    ['br;q=0.5, identity', 'identity'],
    ['br;q=0.5, identity;q=0.5', 'br'],
    ['gzip;q=0.001', 'gzip'],
    ['gzip;q=1.000, br;q=0.999', 'gzip'],
    ['identity;q=0', 'identity'],
    ['identity;q=0, *;q=0', 'identity'],
    ['*;q=0', 'identity'],
    ['identity;q=0, gzip;q=0.1', 'gzip'],
    ['BR', 'br'],
    ['br;Q=0, GZIP', 'gzip'],
    [' \tbr\t;\tq=0.2 ,, gzip ; q=0.3 ,', 'gzip'],
    ['x-gzip', 'gzip'],
    ['br, br;q=0', 'identity'],
    ['br;q=0, br', 'identity'],
    ['__proto__, constructor', 'identity'],
    // Malformed.
    ['nonsense;;,', 'identity'],
    ['br;q=2', 'identity'],
    ['br;q=-1, gzip', 'identity'],
    ['br;q=0.0001', 'identity'],
    ['br;q=x', 'identity'],
    ['br;q', 'identity'],
    ['br; q = 1', 'identity'],
    ['br;level=1', 'identity'],
    ['b r', 'identity'],
    ['"br"', 'identity'],
    ['br\u00a0', 'identity'],
    [`br${' '.repeat(5_000)}x`, 'identity'],
  ])('answers Accept-Encoding %s with %s', async (header, coding) => {
    const response = await compressed(toCachedResponse('gold ring '.repeat(500)));
    expect(preferredRepresentation(response, header).coding).toBe(coding);
    expect(preferredRepresentation(response, header).coding).toBe(coding);
  });

  it('sends the uncompressed form if there is no other', () => {
    expect(preferredRepresentation(toCachedResponse('short'), 'br').coding).toBe('identity');
  });
});
