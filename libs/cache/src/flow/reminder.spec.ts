import { Reminder } from './reminder.js';

describe('Reminder', () => {
  let now: number;
  let reminder: Reminder;

  beforeEach(() => {
    now = 0;
    reminder = new Reminder(() => now);
  });

  /** The seconds at which a cause is said that is noted every quarter of a second. */
  function saidWithin(seconds: number, causeAt: (now: number) => string = () => 'away'): number[] {
    const said: number[] = [];
    for (; now <= seconds * 1_000; now += 250) if (reminder.isDue(causeAt(now))) said.push(now / 1_000);
    return said;
  }

  it('says a trouble at once, and again at growing intervals while it lasts', () => {
    expect(saidWithin(200)).toEqual([0, 10, 30, 70, 150]);
  });

  it('says a trouble that lasts for days every ten minutes', () => {
    const said = saidWithin(24 * 3_600);
    expect((said.at(-1) ?? 0) - (said.at(-2) ?? 0)).toBe(600);
  });

  it('says another cause at once, and does not flood when causes alternate', () => {
    expect(saidWithin(29, (time) => (time % 500 === 0 ? 'away' : 'slow'))).toEqual([0, 0.25, 10, 10.25]);
  });

  it('takes a trouble for a new one if it was gone for a minute', () => {
    expect(reminder.isDue('away')).toBe(true);
    now += 59_999;
    expect(reminder.isDue('away')).toBe(true);
    now += 1_000;
    expect(reminder.isDue('away')).toBe(false);
    now += 60_000;
    expect(reminder.isDue('away')).toBe(true);
    now += 10_000;
    expect(reminder.isDue('away')).toBe(true);
  });

  it('forgets each cause a minute after it was last heard of', () => {
    const heard: readonly (readonly [seconds: number, cause: string])[] = [
      [0, 'away'],
      [1, 'slow'],
      [59, 'away'],
      [62, 'full'],
    ];
    for (const [seconds, cause] of heard) {
      now = seconds * 1_000;
      reminder.isDue(cause);
    }
    const { known } = reminder as unknown as { readonly known: ReadonlyMap<string, unknown> };
    expect([...known.keys()]).toEqual(['away', 'full']);
  });
});
