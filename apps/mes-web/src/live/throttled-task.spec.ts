import { eventually } from '../../../../test/support/eventually.js';
import { ThrottledTask } from './throttled-task';

describe('ThrottledTask', () => {
  it('runs once for all requests made during a run, and never twice at once', async () => {
    const ends: (() => void)[] = [];
    const task = new ThrottledTask(() => new Promise<void>((resolve) => ends.push(resolve)), 1);
    task.request();
    task.request();
    task.request();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await eventually(() => ends.length === 2);
    ends[1]?.();
    task.request();
    await eventually(() => ends.length === 3);
  });

  it('pauses between two runs for as long as a run takes', async () => {
    const times: number[] = [];
    const task = new ThrottledTask(async () => {
      const began = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 30));
      times.push(began, performance.now());
    }, 1);
    task.request();
    task.request();
    await eventually(() => times.length === 4);
    const [began = 0, ended = 0, beganAgain = 0] = times;
    expect(beganAgain - ended).toBeGreaterThanOrEqual((ended - began) * 0.9);
  });

  it('runs again after a failed run', async () => {
    let runs = 0;
    const task = new ThrottledTask(() => {
      runs += 1;
      return Promise.reject(new Error('away'));
    }, 1);
    task.request();
    task.request();
    await eventually(() => runs === 2);
  });
});
