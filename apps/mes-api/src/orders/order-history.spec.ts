import { currentSince, timeInStatus, type OrderHistory, type OrderHistoryEntry } from './order-history.js';
import type { OrderStatus } from './order-status.js';

const CREATED = Date.parse('2031-05-17T09:30:00Z');

/** A history of steps, each so many milliseconds after the creation. */
function history(...steps: readonly (readonly [to: OrderStatus, after: number])[]): OrderHistory {
  let status: OrderStatus = 'NEW';
  const entries = steps.map(([to, after], i): OrderHistoryEntry => {
    const from = status;
    status = to;
    return { from, to, by: 'ann', at: new Date(CREATED + after), version: i + 2 };
  });
  return { createdAt: new Date(CREATED), status, steps: entries, changes: [] };
}

describe('the time in each status', () => {
  it('is nothing for a new order, which has been new since its creation', () => {
    expect(timeInStatus(history())).toEqual({});
    expect(currentSince(history())).toEqual(new Date(CREATED));
  });

  it('adds up the past times, without the present one', () => {
    const past = history(
      ...([
        ['ON_HOLD', 10],
        ['NEW', 12],
        ['MANUFACTURING_STARTED', 112],
      ] as const),
      ...([
        ['ON_HOLD', 1_112],
        ['MANUFACTURING_STARTED', 1_113],
      ] as const),
    );
    expect(timeInStatus(past)).toEqual({ NEW: 110, ON_HOLD: 3, MANUFACTURING_STARTED: 1_000 });
    expect(currentSince(past)).toEqual(new Date(CREATED + 1_113));
  });

  it('is never negative, if the clock was set back', () => {
    expect(timeInStatus(history(['ON_HOLD', -50], ['NEW', 10]))).toEqual({ NEW: 0, ON_HOLD: 60 });
  });
});
