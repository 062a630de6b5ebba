import { Readable } from 'node:stream';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { StreamableFile } from '@nestjs/common';
import { compressed, entityTagOf, toCachedResponse } from './cached-response.js';

const LONG = 'gold ring '.repeat(500);

describe('a cached response', () => {
  it('has compressed forms of the same body', async () => {
    const { identity, br, gzip } = await compressed(toCachedResponse(LONG));
    if (!br || !gzip) throw new Error('not compressed');
    expect(JSON.parse(identity.body.toString())).toBe(LONG);
    expect(brotliDecompressSync(br.body)).toEqual(identity.body);
    expect(gunzipSync(gzip.body)).toEqual(identity.body);
    expect(Math.max(br.body.length, gzip.body.length)).toBeLessThan(identity.body.length / 10);
  });

  it('has a strong entity tag of its own for each form', async () => {
    const { identity, br, gzip } = await compressed(toCachedResponse(LONG));
    const tags = [identity, br, gzip].map((form) => form?.entityTag ?? '');
    expect(new Set(tags).size).toBe(3);
    for (const tag of tags) expect(tag).toMatch(/^"[\w-]+"$/);
  });

  it('keeps no memory but its own', async () => {
    const { identity, br, gzip } = await compressed(toCachedResponse(LONG));
    for (const form of [identity, br, gzip]) expect(form?.body.buffer.byteLength).toBe(form?.body.length);
  });

  it('is not compressed if it is short', async () => {
    expect(Object.keys(await compressed(toCachedResponse('short')))).toEqual(['loadedAt', 'identity']);
  });

  it('has entity tags that begin with the version, if there is one', async () => {
    const versioned = await compressed(toCachedResponse(LONG, '7'));
    const plain = await compressed(toCachedResponse(LONG));
    for (const coding of ['identity', 'br', 'gzip'] as const) {
      expect(versioned[coding]?.entityTag).toBe(plain[coding]?.entityTag.replace('"', '"7-'));
    }
  });

  it('is refused if its version has a character that no entity tag may have', () => {
    for (const version of ['Łódź', 'a b', 'a"b', 'a\r\nb']) {
      expect(() => toCachedResponse({}, version)).toThrow('entity tag');
    }
  });

  it.each([
    ['undefined', undefined],
    ['a buffer', Buffer.from('gold')],
    ['a file', new StreamableFile(Buffer.from('gold'))],
    ['a function', () => 1],
    ['a stream', Readable.from(['gold'])],
    ['a stream of the web', new Blob(['gold']).stream()],
    ['an old stream', { pipe: () => undefined }],
    ['a response of the web', new Response('gold')],
    ['a blob', new Blob(['gold'])],
    ['bytes', new ArrayBuffer(4)],
    [
      'what is generated bit by bit',
      (async function* () {
        yield await Promise.resolve('gold');
      })(),
    ],
  ])('is refused for %s, which JSON cannot tell', (_, value) => {
    expect(() => toCachedResponse(value)).toThrow('cannot be cached');
  });

  it('may have a property that streams have as a method', () => {
    expect(toCachedResponse({ pipe: 'copper' }).identity.body.toString()).toBe('{"pipe":"copper"}');
  });

  it('has different entity tags for different bodies, and only then', () => {
    const [a, b] = [Buffer.from('a'), Buffer.from('b')];
    expect(entityTagOf(a)).toMatch(/^"[\w-]{27}"$/);
    expect(entityTagOf(a)).toBe(entityTagOf(Buffer.from('a')));
    expect(entityTagOf(a)).not.toBe(entityTagOf(b));
  });
});
