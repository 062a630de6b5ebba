import fc from 'fast-check';
import { PositionCodec } from './position-codec.js';
import { completeAt, type Position } from './position.js';

const xid = fc.bigInt({ min: 1n, max: 10n ** 17n });

const snapshot = fc
  .tuple(xid, fc.uniqueArray(fc.bigInt({ min: 0n, max: 5_000n }), { maxLength: 20 }), fc.bigInt({ min: 0n, max: 9n }))
  .map(([xmin, offsets, more]) => {
    const running = offsets.map((offset) => xmin + offset).sort((a, b) => (a < b ? -1 : 1));
    return `${running[0] ?? xmin}:${(running.at(-1) ?? xmin) + 1n + more}:${running.join(',')}`;
  });

const history = fc.stringMatching(/^[0-9a-f]{8}$/);

const position: fc.Arbitrary<Position> = fc.oneof(
  fc.tuple(history, snapshot).map(([one, at]) => completeAt(one, at)),
  fc
    .record({ history, before: snapshot, batch: snapshot, seq: fc.bigInt({ min: 0n, max: 10n ** 17n }).map(String) })
    .filter(({ before, batch }) => before !== batch),
);

const codec = new PositionCodec('Database');

function idOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64url');
}

describe('PositionCodec', () => {
  it('gives back what it was given', () => {
    fc.assert(
      fc.property(position, (one) => {
        const id = codec.encode(one);
        expect(id).toMatch(/^[\w-]+$/);
        expect(codec.decode(id)).toEqual(one);
      }),
    );
  });

  it('knows nothing of the positions of other databases', () => {
    fc.assert(
      fc.property(position, (one) => {
        expect(new PositionCodec('database').decode(codec.encode(one))).toBeUndefined();
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['no base64url', 'a b'],
    ['a name only', idOf('Database.0123abcd')],
    ['a name without a history', idOf('Database~3:6:')],
    ['a name with two histories', idOf('Database.0123abcd.0123abcd~3:6:')],
    ['no history', idOf('Database.none~3:6:')],
    ['no snapshot', idOf('Database.0123abcd~')],
    ['a snapshot that ends before it begins', idOf('Database.0123abcd~7:6:')],
    ['the transaction 0', idOf('Database.0123abcd~0:6:')],
    ['a running transaction that has ended', idOf('Database.0123abcd~3:6:2')],
    ['a running transaction that has not begun', idOf('Database.0123abcd~3:6:6')],
    ['running transactions in disorder', idOf('Database.0123abcd~3:9:5,4')],
    ['one running transaction twice', idOf('Database.0123abcd~3:9:5,5')],
    ['a number that PostgreSQL has not', idOf(`Database.0123abcd~3:${'9'.repeat(19)}:`)],
    ['SQL', idOf(`Database.0123abcd~3:6:'; DROP TABLE orders`)],
    ['a batch without a number', idOf('Database.0123abcd~3:6:~3:7:')],
    ['a batch with a wrong number', idOf('Database.0123abcd~3:6:~3:7:~-1')],
    ['a wrong batch', idOf('Database.0123abcd~3:6:~7:6:~1')],
    ['more than belongs there', idOf('Database.0123abcd~3:6:~3:7:~1~2')],
  ])('takes for no position: %s', (_, id) => {
    expect(codec.decode(id)).toBeUndefined();
  });

  it('takes no text for a position by accident, and throws at none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String()), (text) => {
        expect(codec.decode(text)).toBeUndefined();
        expect(codec.decode(idOf(`Database.0123abcd~${text}`))).toBeUndefined();
      }),
    );
  });
});
