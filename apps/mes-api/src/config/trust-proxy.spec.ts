import { parseTrustProxy, trusts } from './trust-proxy.js';

describe('a connection', () => {
  it.each<[string, string, boolean]>([
    ['', '127.0.0.1', false],
    ['1', '203.0.113.9', true],
    ['loopback', '127.0.0.9', true],
    ['loopback', '::1', true],
    ['loopback', '::ffff:127.0.0.1', true],
    ['loopback', '10.0.0.1', false],
    ['uniquelocal', '172.31.255.255', true],
    ['uniquelocal', '172.32.0.0', false],
    ['uniquelocal', 'fd00::1', true],
    ['linklocal', 'fe80::1', true],
    ['10.1.0.0/16, 192.0.2.7', '10.1.255.1', true],
    ['10.1.0.0/16, 192.0.2.7', '192.0.2.7', true],
    ['10.1.0.0/16, 192.0.2.7', '192.0.2.8', false],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['loopback', 'unknown', false],
  ])('with TRUST_PROXY=%s from %s comes from a trusted proxy: %s', (setting, address, expected) => {
    expect(trusts(parseTrustProxy(setting) ?? false, address)).toBe(expected);
  });

  it('of a name that every object has is no range', () => {
    expect(parseTrustProxy('constructor')).toBeUndefined();
  });
});
