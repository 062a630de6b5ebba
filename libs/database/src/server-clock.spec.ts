import { ServerClock } from './server-clock.js';

describe('the clock of a server', () => {
  const now = 1_000_000;
  let clock: ServerClock;

  beforeEach(() => {
    clock = new ServerClock();
  });

  /** An answer that arrives now. The server's clock stood at `now + ahead` some time after the question was sent. */
  function answer(ahead: number, { roundTrip }: { readonly roundTrip: number }): void {
    clock.note(now + ahead, now - roundTrip, now);
  }

  it('is not known before the first answer', () => {
    expect(clock.at(now)).toBeUndefined();
  });

  it('is never taken to be ahead: the answer may have taken no time to come back', () => {
    answer(500, { roundTrip: 40 });
    expect(clock.at(now)).toBe(now + 500);
  });

  it('is known best from the answer that came back fastest', () => {
    answer(500, { roundTrip: 40 });
    answer(530, { roundTrip: 5 });
    answer(480, { roundTrip: 60 });
    expect(clock.at(now + 7)).toBe(now + 537);
  });

  it.each([-3_000, 9_000])('may be moved: by %d ms', (ahead) => {
    answer(500, { roundTrip: 40 });
    answer(ahead, { roundTrip: 40 });
    expect(clock.at(now)).toBe(now + ahead);
  });
});
