import { compressed, toCachedResponse } from '../entries/cached-response.js';
import { cacheStatus, Responder } from './responder.js';

const HIT = { kind: 'hit', level: 'l1' } as const;
const MISS = { kind: 'miss', stored: true, collapsed: false } as const;

describe('Cache-Status', () => {
  it.each([
    [{ kind: 'hit', level: 'l2' } as const, 'mes-redis; hit'],
    [{ kind: 'hit', level: 'l1' } as const, 'mes-near; hit'],
    [{ kind: 'miss', stored: true, collapsed: false } as const, 'mes; fwd=miss; stored'],
    [{ kind: 'miss', stored: false, collapsed: false } as const, 'mes; fwd=miss; detail=not-stored'],
    [{ kind: 'miss', stored: true, collapsed: true } as const, 'mes; fwd=miss; collapsed'],
    [{ kind: 'bypass', detail: 'redis-away' } as const, 'mes; fwd=bypass; detail=redis-away'],
  ])('of %j is %s', (outcome, header) => {
    expect(cacheStatus('mes', outcome)).toBe(header);
  });
});

describe('Responder', () => {
  const responder = new Responder({ cacheName: 'mes' });

  it('sends the body with its length, type, entity tag and outcome', () => {
    const response = toCachedResponse({ name: 'ring' }, '7');
    const { status, headers, body } = responder.respond({}, response, MISS);
    expect(status).toBe(200);
    expect(body?.toString()).toBe('{"name":"ring"}');
    expect(headers).toEqual({
      'cache-control': 'private, no-cache',
      'cache-status': 'mes; fwd=miss; stored',
      'content-length': '15',
      'content-type': 'application/json; charset=utf-8',
      etag: response.identity.entityTag,
    });
  });

  it('sends the preferred form, and says that the form depends on the request', async () => {
    const response = await compressed(toCachedResponse('gold ring '.repeat(500)));
    const { headers, body } = responder.respond({ 'accept-encoding': 'br' }, response, MISS);
    expect(body).toBe(response.br?.body);
    expect(headers).toMatchObject({ 'content-encoding': 'br', etag: response.br?.entityTag, vary: 'accept-encoding' });
    const plain = responder.respond({}, response, MISS).headers;
    expect(plain).toMatchObject({ etag: response.identity.entityTag, vary: 'accept-encoding' });
    expect(plain['content-encoding']).toBeUndefined();
  });

  it('sends status 304 without a body if the client has this form', () => {
    const response = toCachedResponse('ring');
    const { entityTag } = response.identity;
    expect(responder.respond({ 'if-none-match': entityTag }, response, MISS)).toEqual({
      status: 304,
      headers: { 'cache-control': 'private, no-cache', 'cache-status': 'mes; fwd=miss; stored', etag: entityTag },
      body: undefined,
    });
  });

  it('gives the same headers object for each hit in L1 of the same form', async () => {
    const response = await compressed(toCachedResponse('gold ring '.repeat(500)));
    const { headers } = responder.respond({}, response, HIT);
    expect(responder.respond({}, response, HIT).headers).toBe(headers);
    expect(responder.respond({ 'accept-encoding': 'br' }, response, HIT).headers).not.toBe(headers);
    expect(responder.respond({}, response, MISS).headers['cache-status']).toBe('mes; fwd=miss; stored');
  });
});
