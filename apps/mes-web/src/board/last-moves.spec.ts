import { MOST_MOVES, withMove, type LastMove, type LastMoves } from './last-moves';

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
});
