import { LastHour } from './last-hour.js';

const MINUTE = 60_000;
const START = Date.parse('2031-05-17T09:30:20Z');

function at(minutes: number): Date {
  return new Date(START + minutes * MINUTE);
}

function totals(n: number): { requests: number; spared: number; loads: number } {
  return { requests: 10 * n, spared: 9 * n, loads: n };
}

describe('the last hour of the cache', () => {
  it('has the current minute from the start', () => {
    const hour = new LastHour(at(0), totals(0));
    expect(hour.until(at(0.2), totals(3))).toEqual([{ minute: new Date('2031-05-17T09:30:00Z'), ...totals(3) }]);
    expect(hour.until(at(0.3), totals(4))).toEqual([{ minute: new Date('2031-05-17T09:30:00Z'), ...totals(4) }]);
  });

  it('tells the minutes apart', () => {
    const hour = new LastHour(at(0), totals(0));
    hour.note(at(1), totals(5));
    hour.note(at(2), totals(6));
    expect(hour.until(at(2.1), totals(8)).map(({ loads }) => loads)).toEqual([5, 1, 2]);
  });

  it('forgets what is older', () => {
    const hour = new LastHour(at(0), totals(0));
    for (let minute = 1; minute <= 200; minute += 1) hour.note(at(minute), totals(minute));
    const minutes = hour.until(at(200), totals(200));
    expect(minutes).toHaveLength(60);
    expect(minutes[0]?.minute).toEqual(new Date(Math.floor(at(141).getTime() / MINUTE) * MINUTE));
    expect(minutes.reduce((sum, { loads }) => sum + loads, 0)).toBe(59);
  });

  it('has no gaps when a note comes late', () => {
    const hour = new LastHour(at(0), totals(0));
    expect(hour.until(at(3), totals(2)).map(({ loads }) => loads)).toEqual([2, 0, 0, 0]);
  });

  it('starts anew when the clock is set back', () => {
    const hour = new LastHour(at(0), totals(0));
    hour.note(at(1), totals(5));
    expect(hour.until(at(-30), totals(6))).toEqual([{ minute: new Date('2031-05-17T09:00:00Z'), ...totals(0) }]);
  });
});
