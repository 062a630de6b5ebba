import { eventually } from '../../../../test/support/eventually.js';
import { Paced } from './paced';

describe('Paced', () => {
  it('runs once for all who ask while it runs, and never twice at once', async () => {
    const ends: (() => void)[] = [];
    const paced = new Paced(() => new Promise<void>((resolve) => ends.push(resolve)), 1);
    paced.request();
    paced.request();
    paced.request();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await eventually(() => ends.length === 2);
    ends[1]?.();
    paced.request();
    await eventually(() => ends.length === 3);
  });

  it('leaves as much time between two runs as a run takes', async () => {
    const times: number[] = [];
    const paced = new Paced(async () => {
      const began = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 30));
      times.push(began, performance.now());
    }, 1);
    paced.request();
    paced.request();
    await eventually(() => times.length === 4);
    const [began = 0, ended = 0, beganAgain = 0] = times;
    expect(beganAgain - ended).toBeGreaterThanOrEqual((ended - began) * 0.9);
  });

  it('goes on after a run that failed', async () => {
    let runs = 0;
    const paced = new Paced(() => {
      runs += 1;
      return Promise.reject(new Error('away'));
    }, 1);
    paced.request();
    paced.request();
    await eventually(() => runs === 2);
  });
});
