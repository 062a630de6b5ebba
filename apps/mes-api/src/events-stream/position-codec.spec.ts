import fc from 'fast-check';
import { decodePosition, encodePosition } from './position-codec.js';
import { completeAt, type Position } from './position.js';

const xid = fc.bigInt({ min: 1n, max: 10n ** 17n });

const snapshot = fc
  .tuple(xid, fc.uniqueArray(fc.bigInt({ min: 0n, max: 5_000n }), { maxLength: 20 }), fc.bigInt({ min: 0n, max: 9n }))
  .map(([xmin, offsets, more]) => {
    const running = offsets.map((offset) => xmin + offset).sort((a, b) => (a < b ? -1 : 1));
    return `${running[0] ?? xmin}:${(running.at(-1) ?? xmin) + 1n + more}:${running.join(',')}`;
  });

const state = fc.stringMatching(/^[0-9a-f]{16}$/);

const position: fc.Arbitrary<Position> = fc.oneof(
  fc.tuple(state, snapshot).map(([one, at]) => completeAt(one, at)),
  fc
    .record({ state, before: snapshot, batch: snapshot, seq: fc.bigInt({ min: 0n, max: 10n ** 17n }).map(String) })
    .filter(({ before, batch }) => before !== batch),
);

function idOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64url');
}

describe('the encoded position', () => {
  it('decodes what was encoded', () => {
    fc.assert(
      fc.property(position, (one) => {
        const id = encodePosition(one);
        expect(id).toMatch(/^[\w-]+$/);
        expect(decodePosition(id)).toEqual(one);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['no base64url', 'a b'],
    ['a state only', idOf('0123456789abcdef')],
    ['a state that is too short', idOf('0123abcd~3:6:')],
    ['a name before the state', idOf('Database.0123456789abcdef~3:6:')],
    ['a state that is no digest', idOf('0123456789abcdeg~3:6:')],
    ['no snapshot', idOf('0123456789abcdef~')],
    ['a snapshot that ends before it begins', idOf('0123456789abcdef~7:6:')],
    ['the transaction 0', idOf('0123456789abcdef~0:6:')],
    ['a running transaction that has ended', idOf('0123456789abcdef~3:6:2')],
    ['a running transaction that has not begun', idOf('0123456789abcdef~3:6:6')],
    ['running transactions in disorder', idOf('0123456789abcdef~3:9:5,4')],
    ['one running transaction twice', idOf('0123456789abcdef~3:9:5,5')],
    ['a number that PostgreSQL has not', idOf(`0123456789abcdef~3:${'9'.repeat(19)}:`)],
    ['SQL', idOf(`0123456789abcdef~3:6:'; DROP TABLE orders`)],
    ['a batch without a number', idOf('0123456789abcdef~3:6:~3:7:')],
    ['a batch with a wrong number', idOf('0123456789abcdef~3:6:~3:7:~-1')],
    ['a wrong batch', idOf('0123456789abcdef~3:6:~7:6:~1')],
    ['more than belongs there', idOf('0123456789abcdef~3:6:~3:7:~1~2')],
  ])('takes for no position: %s', (_, id) => {
    expect(decodePosition(id)).toBeUndefined();
  });

  it('decodes no other text, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String()), (text) => {
        expect(decodePosition(text)).toBeUndefined();
        expect(decodePosition(idOf(`0123456789abcdef~${text}`))).toBeUndefined();
      }),
    );
  });
});
