import { DeadlineExceededError, withDeadline } from './deadline.js';

describe('withDeadline', () => {
  it('settles like the operation when that is in time', async () => {
    await expect(withDeadline(Promise.resolve('answer'), 1_000)).resolves.toBe('answer');
    await expect(withDeadline(Promise.reject(new Error('broken')), 1_000)).rejects.toThrow('broken');
  });

  it('rejects when the operation does not answer', async () => {
    await expect(withDeadline(new Promise(() => undefined), 1)).rejects.toBeInstanceOf(DeadlineExceededError);
  });

  it('does not blame the operation for the time in which this process was busy', async () => {
    const operation = new Promise((resolve) => setImmediate(resolve, 'was there in time'));
    const answer = withDeadline(operation, 1);
    const end = performance.now() + 20;
    while (performance.now() < end);
    await expect(answer).resolves.toBe('was there in time');
  });

  it('gives an operation of several steps the rest of its time after this process was busy', async () => {
    const operation = (async () => {
      for (let step = 0; step < 5; step += 1) await new Promise((resolve) => setImmediate(resolve));
      return 'was there in time';
    })();
    const answer = withDeadline(operation, 1_000);
    const end = performance.now() + 1_200;
    while (performance.now() < end);
    await expect(answer).resolves.toBe('was there in time');
  });
});
