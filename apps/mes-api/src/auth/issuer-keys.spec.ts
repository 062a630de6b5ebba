import type { RequestListener } from 'node:http';
import { TokenIssuer } from '../../../../test/support/token-issuer.js';
import { OWN_NAMES } from '../config/roles.js';
import { FAILURE_PAUSE_MS, IssuerKeys, KEYS_FRESH_MS, KEYS_USABLE_MS, UNKNOWN_KEY_PAUSE_MS } from './issuer-keys.js';
import { TokenVerifier } from './token-verifier.js';

const TIMEOUT_MS = 1_000;

/** Faulty answers of an issuer. */
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
    const keys = new IssuerKeys(new URL(issuer.jwksUrl), { now: () => now, timeout: TIMEOUT_MS });
    verifier = new TokenVerifier({
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: ['ES256'],
      rolesClaim: 'roles',
      roleMap: OWN_NAMES,
      key: (header, token) => keys.find(header, token),
    });
  });

  afterEach(() => issuer.stop());

  /** The result for a new token: 200, or the status of the problem. */
  async function outcome(keyId = 'first', token?: string): Promise<number> {
    signed += 1;
    try {
      await verifier.verify(`Bearer ${token ?? (await issuer.token({ keyId, subject: `caller-${signed}` }))}`);
      return 200;
    } catch (error) {
      return (error as { status: number }).status;
    }
  }

  it('are fetched once for many tokens', async () => {
    expect(await Promise.all(Array.from({ length: 20 }, () => outcome()))).toEqual(Array(20).fill(200));
    expect(await outcome()).toBe(200);
    expect(issuer.requests).toBe(1);
  });

  it('are accepted without a restart when they are new', async () => {
    expect(await outcome()).toBe(200);
    now += UNKNOWN_KEY_PAUSE_MS;
    await issuer.addKey('second');
    expect(await outcome('second')).toBe(200);
    expect(await outcome('first')).toBe(200);
    expect(issuer.requests).toBe(2);
  });

  it('are refused a while after the issuer has withdrawn them', async () => {
    const tokens = await Promise.all(['a', 'b'].map((subject) => issuer.token({ subject })));
    expect(await outcome('first', tokens[0])).toBe(200);
    await issuer.addKey('second');
    issuer.removeKey('first');
    now += KEYS_FRESH_MS;
    expect(await outcome('first', tokens[1])).toBe(401);
    expect(await outcome('second')).toBe(200);
  });

  it('are not fetched repeatedly for tokens with unknown keys', async () => {
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
    it('are not available before the first fetch, which is not reported as an invalid token', async () => {
      issuer.misbehaviour = misbehaviour;
      expect(await Promise.all([outcome(), outcome()])).toEqual([503, 503]);
      expect(issuer.requests).toBe(1);
      issuer.misbehaviour = undefined;
      now += FAILURE_PAUSE_MS;
      expect(await outcome()).toBe(200);
    });

    it('are accepted once known, and fetched again at intervals', async () => {
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

  it('are not available while the issuer is away, and available afterwards', async () => {
    await issuer.leave();
    expect(await outcome()).toBe(503);
    await issuer.returns();
    expect(await outcome()).toBe(503);
    now += FAILURE_PAUSE_MS;
    expect(await outcome()).toBe(200);
  });

  it('expire if the issuer stays away', async () => {
    expect(await outcome()).toBe(200);
    await issuer.leave();
    now += KEYS_USABLE_MS - 1;
    expect(await outcome()).toBe(200);
    now += 1;
    expect(await outcome()).toBe(503);
  });

  it('are used no more once the issuer has withdrawn all of them, which is a fault of the issuer', async () => {
    const token = await issuer.token();
    expect(await outcome()).toBe(200);
    issuer.removeKey('first');
    now += KEYS_FRESH_MS;
    expect(await outcome('first', token)).toBe(503);
    await issuer.addKey('second');
    expect(await outcome('second')).toBe(503);
    now += FAILURE_PAUSE_MS;
    expect(await outcome('second')).toBe(200);
  });

  it('that are unusable are reported as a fault of the issuer', async () => {
    issuer.misbehaviour = (_, response) =>
      void issuer.publicKeys().then(([key]) => response.end(JSON.stringify({ keys: [{ ...key, x: 'AAAA' }] })));
    expect(await outcome()).toBe(503);
  });
});
