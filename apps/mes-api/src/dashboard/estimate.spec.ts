import { estimate } from './estimate.js';

describe('the estimate of a duration', () => {
  it('is unknown without orders', () => {
    expect(estimate([], 0.5)).toBeNull();
  });

  it('lies in the class that the share of the orders reaches, whatever the order of the classes', () => {
    const times = [
      { from: 120, upTo: 240, count: 4 },
      { from: 0, upTo: 60, count: 3 },
      { from: 60, upTo: 120, count: 1 },
      { from: 0, upTo: 60, count: 2 },
    ];
    expect(estimate(times, 0.5)).toBe(60);
    expect(estimate(times, 0.6)).toBe(120);
    expect(estimate(times, 0.8)).toBe(180);
    expect(estimate(times, 1)).toBe(240);
  });
});
