import type { OrderDto } from '../api/client';
import type { KnownChange } from '../orders/known-changes';
import { MOST_MOVES, withMove, withOwnMoves, type LastMove, type LastMoves } from './last-moves';

const NONE: LastMoves = new Map();

function move(version: number, isOwn = false): LastMove {
  return { status: 'PACKAGING', version, isOwn };
}

describe('the last status changes on the board', () => {
  it('hold one change of each order, the latest version', () => {
    const moves = withMove(withMove(NONE, 'a', move(2, true)), 'a', move(3));
    expect([...moves]).toEqual([['a', move(3)]]);
    // Events and responses come in any order.
    expect(withMove(moves, 'a', move(2, true))).toBe(moves);
  });

  it('are limited in number: the oldest ones are forgotten', () => {
    let moves = withMove(NONE, 'again', move(1));
    for (let i = 1; i < MOST_MOVES; i += 1) moves = withMove(moves, String(i), move(1));
    moves = withMove(moves, 'again', move(2));
    expect(moves.size).toBe(MOST_MOVES);
    moves = withMove(moves, 'new', move(1));
    expect(moves.size).toBe(MOST_MOVES);
    expect(moves.has('1')).toBe(false);
    expect(['again', '2', 'new'].every((id) => moves.has(id))).toBe(true);
  });

  it('get those of the user that have been made since, but no attempts and no other changes', () => {
    const change = { order: { id: 'a', version: 1 } as OrderDto, to: 'PACKAGING' } as const;
    const made = { change, outcome: { kind: 'moved', version: 2 } } as const;
    const overtaken = { change, outcome: { kind: 'overtaken', status: 'SHIPPED', version: 2 } } as const;
    const edit = { order: change.order, field: 'priority', value: 'HIGH' } as const;
    const known = new Map<string, KnownChange>([
      ['made', { ended: made }],
      ['made again', { ended: { change, outcome: { kind: 'moved', version: 4 } } }],
      ['made before', { ended: made }],
      ['edited', { ended: { change: edit, outcome: made.outcome } }],
      ['overtaken', { ended: overtaken }],
      ['under way', { underWay: change }],
    ]);
    const before = new Map<string, KnownChange>([
      ['made before', { ended: made }],
      ['made again', { ended: made }],
    ]);
    expect([...withOwnMoves(NONE, before, known)]).toEqual([
      ['made', move(2, true)],
      ['made again', move(4, true)],
    ]);
  });
});
