import type { RequestListener } from 'node:http';
import { TokenIssuer } from '../../../../test/support/token-issuer.js';
import { FAILURE_PAUSE_MS, IssuerKeys, KEYS_FRESH_MS, KEYS_USABLE_MS, UNKNOWN_KEY_PAUSE_MS } from './issuer-keys.js';
import { TokenVerifier } from './token-verifier.js';

const PATIENCE_MS = 200;

/** Ways in which an issuer does not answer with its keys. */
const MISBEHAVIOURS: Readonly<Record<string, RequestListener>> = {
  'an error': (_, response) => response.writeHead(500).end('{"keys":[]}'),
  'a redirect': (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  'a page': (_, response) => response.end('<html>Welcome</html>'),
  nothing: (_, response) => response.end(),
  'JSON that has no keys': (_, response) => response.end('{"error":"busy"}'),
  'a list that is none': (_, response) => response.end('{"keys":"many"}'),
  'half of its keys': (_, response) => response.writeHead(200, { 'content-length': '1000' }).write('{"keys":[{'),
  silence: () => undefined,
  'a broken connection': (request) => request.socket.destroy(),
};

describe('IssuerKeys', () => {
  let issuer: TokenIssuer;
  let now: number;
  let verifier: TokenVerifier;
  let signed: number;

  beforeEach(async () => {
    issuer = await TokenIssuer.start();
    now = 0;
    signed = 0;
    const keys = new IssuerKeys(new URL(issuer.jwksUrl), { now: () => now, patience: PATIENCE_MS });
    verifier = new TokenVerifier({
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: ['ES256'],
      key: (header, token) => keys.find(header, token),
    });
  });

  afterEach(() => issuer.stop());

  /** What becomes of a token that was never seen before: 200, or the status of the problem. */
  async function outcome(keyId = 'first', token?: string): Promise<number> {
    signed += 1;
    try {
      await verifier.verify(`Bearer ${token ?? (await issuer.token({ keyId, subject: `caller-${signed}` }))}`);
      return 200;
    } catch (error) {
      return (error as { status: number }).status;
    }
  }

  it('are asked for once, however many tokens there are', async () => {
    expect(await Promise.all(Array.from({ length: 20 }, () => outcome()))).toEqual(Array(20).fill(200));
    expect(await outcome()).toBe(200);
    expect(issuer.requests).toBe(1);
  });

  it('may be new ones, which are good without a restart', async () => {
    expect(await outcome()).toBe(200);
    now += UNKNOWN_KEY_PAUSE_MS;
    await issuer.addKey('second');
    expect(await outcome('second')).toBe(200);
    expect(await outcome('first')).toBe(200);
    expect(issuer.requests).toBe(2);
  });

  it('are not good any more a while after the issuer has withdrawn them', async () => {
    const tokens = await Promise.all(['a', 'b'].map((subject) => issuer.token({ subject })));
    expect(await outcome('first', tokens[0])).toBe(200);
    await issuer.addKey('second');
    issuer.removeKey('first');
    now += KEYS_FRESH_MS;
    expect(await outcome('first', tokens[1])).toBe(401);
    expect(await outcome('second')).toBe(200);
  });

  it('are not asked for again and again because of tokens with keys that there are not', async () => {
    expect(await outcome()).toBe(200);
    now += UNKNOWN_KEY_PAUSE_MS;
    const unknown = await Promise.all(Array.from({ length: 50 }, (_, index) => outcome(`unknown-${index}`)));
    expect(unknown).toEqual(Array(50).fill(401));
    for (let i = 0; i < 50; i += 1) expect(await outcome(`unknown-${i}`)).toBe(401);
    expect(issuer.requests).toBe(2);
    now += UNKNOWN_KEY_PAUSE_MS - 1;
    expect(await outcome('unknown')).toBe(401);
    expect(issuer.requests).toBe(2);
    now += 1;
    expect(await outcome('unknown')).toBe(401);
    expect(issuer.requests).toBe(3);
  });

  describe.each(Object.entries(MISBEHAVIOURS))('when the issuer answers with %s', (_, misbehaviour) => {
    it('cannot be had at first, which is no fault of the token', async () => {
      issuer.misbehaviour = misbehaviour;
      expect(await Promise.all([outcome(), outcome()])).toEqual([503, 503]);
      expect(issuer.requests).toBe(1);
      issuer.misbehaviour = undefined;
      now += FAILURE_PAUSE_MS;
      expect(await outcome()).toBe(200);
    });

    it('are good while they are known, and asked for without hurry', async () => {
      expect(await outcome()).toBe(200);
      issuer.misbehaviour = misbehaviour;
      now += KEYS_FRESH_MS;
      for (let i = 0; i < 10; i += 1) expect(await outcome()).toBe(200);
      for (let i = 0; i < 10; i += 1) expect(await outcome('unknown')).toBe(503);
      expect(issuer.requests).toBe(2);
      now += FAILURE_PAUSE_MS;
      expect(await outcome()).toBe(200);
      expect(issuer.requests).toBe(3);
      issuer.misbehaviour = undefined;
      now += FAILURE_PAUSE_MS;
      expect(await outcome('unknown')).toBe(401);
    });
  });

  it('cannot be had from an issuer that is away, and are there when it is', async () => {
    await issuer.leave();
    expect(await outcome()).toBe(503);
    await issuer.returns();
    expect(await outcome()).toBe(503);
    now += FAILURE_PAUSE_MS;
    expect(await outcome()).toBe(200);
  });

  it('are not good for ever when the issuer stays away', async () => {
    expect(await outcome()).toBe(200);
    await issuer.leave();
    now += KEYS_USABLE_MS - 1;
    expect(await outcome()).toBe(200);
    now += 1;
    expect(await outcome()).toBe(503);
  });

  it('that cannot be used are the issuer’s fault', async () => {
    issuer.misbehaviour = (_, response) =>
      void issuer.publicKeys().then(([key]) => response.end(JSON.stringify({ keys: [{ ...key, x: 'AAAA' }] })));
    expect(await outcome()).toBe(503);
  });
});
