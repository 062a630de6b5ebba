import { Random } from '../../../apps/mes-api/src/commands/sample/random.js';
import type { SeenOrder } from '../history/call.js';
import { Board } from './board.js';

describe('the board of the clients', () => {
  const random = new Random('board');
  const seen = (id: string, version: number): SeenOrder => ({ id, version, status: 'NEW' }) as SeenOrder;

  it('offers no order that is to be left alone, whether seen before or after', () => {
    const board = new Board();
    board.note(seen('calm', 1));
    board.leaveAlone(['calm']);
    board.note(seen('calm', 2));
    expect(board.pickRecent(random)).toBeUndefined();
    expect(board.pickWith('NEW', random)).toBeUndefined();
    expect(board.count('NEW')).toBe(0);
    board.note(seen('other', 1));
    expect(board.pickWith('NEW', random)?.id).toBe('other');
  });
});
