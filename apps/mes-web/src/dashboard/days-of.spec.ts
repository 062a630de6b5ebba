import { daysOf } from './days-of';

const HOUR = 60 * 60_000;
const NOW = new Date(2031, 4, 17, 6, 30);

/** The last 192 hours, with one completed order in each of those that `isBusy` selects. */
function hoursWith(isBusy: (begin: Date) => boolean) {
  const last = new Date(2031, 4, 17, 6).getTime();
  return Array.from({ length: 192 }, (_, i) => {
    const begin = new Date(last - (191 - i) * HOUR);
    return { hour: begin.toISOString(), created: 0, started: 0, completed: isBusy(begin) ? 1 : 0, shipped: 0 };
  });
}

describe('the throughput by days', () => {
  it('has seven days and today, by the clock of the user', () => {
    const { days } = daysOf([], 'completed', NOW);
    expect(days.map(({ date }) => date.getDate())).toEqual([10, 11, 12, 13, 14, 15, 16, 17]);
    expect(days.every(({ date }) => date.getHours() === 0)).toBe(true);
  });

  it('sums the hours of each day', () => {
    const { days, today } = daysOf(
      hoursWith((begin) => begin.getHours() < 2),
      'completed',
      NOW,
    );
    expect(days.map(({ count }) => count)).toEqual([2, 2, 2, 2, 2, 2, 2, 2]);
    expect(today).toBe(2);
  });

  it('compares today with what was done by the same time of the other days', () => {
    expect(
      daysOf(
        hoursWith(() => true),
        'completed',
        NOW,
      ).usual,
    ).toBe(6.5);
    expect(
      daysOf(
        hoursWith((begin) => begin.getHours() === 7),
        'completed',
        NOW,
      ).usual,
    ).toBe(0);
  });

  it('counts one step only', () => {
    expect(
      daysOf(
        hoursWith(() => true),
        'shipped',
        NOW,
      ).today,
    ).toBe(0);
  });
});
