import { reasonOf } from './issuer-metadata.js';

function failed(message: string, code: string | number | undefined, cause?: Error): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

describe('the reason why an issuer cannot be asked', () => {
  it.each<[string, string, Error]>([
    ['that of the connection', 'ECONNREFUSED', failed('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED')],
    ['that of the exchange', 'redirect count exceeded', failed('redirect count exceeded', undefined)],
    [
      'that of a proxy that refuses',
      'Proxy response (403) !== 200 when HTTP Tunneling',
      failed(
        'Request was cancelled.',
        0,
        failed('Proxy response (403) !== 200 when HTTP Tunneling', 'UND_ERR_ABORTED'),
      ),
    ],
  ])('is %s', (_, reason, cause) => {
    expect(reasonOf(failed('fetch failed', undefined, cause))).toBe(reason);
  });

  it('is the message of another error', () => {
    expect(reasonOf(new Error('no answer in 2000 ms'))).toBe('no answer in 2000 ms');
  });
});
