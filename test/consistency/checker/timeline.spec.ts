import { Timeline } from './timeline.js';
import { WrittenHistory } from './written-history.js';

function timelineOf(history: WrittenHistory, baseline = 0): Timeline {
  const { calls, after } = history.recorded();
  const [stored] = after;
  if (!stored) throw new Error('the history has no order');
  return new Timeline(stored, baseline, new Map(calls.map((call) => [call.mark ?? '', [call]])));
}

describe('the timeline of an order', () => {
  const history = (): WrittenHistory =>
    new WrittenHistory()
      .creates('writer', [10, 20], '1')
      .moves('unlucky', [30, 40], '1', 'ON_HOLD', 'unknown')
      .moves('taker', [50, 60], '1', 'NEW');

  it('gives the time when a version begins and the time when it is acknowledged', () => {
    const { versions } = timelineOf(history());
    expect(versions.map(({ status, begun, acknowledged }) => [status, begun, acknowledged])).toEqual([
      [undefined, -Infinity, -Infinity],
      ['NEW', 10, 20],
      // The acknowledgement of the next version proves this one.
      ['ON_HOLD', 30, 60],
      ['NEW', 50, 60],
    ]);
  });

  it('gives the oldest and the newest version that a read at a given time may show', () => {
    const timeline = timelineOf(history());
    expect([5, 15, 25, 35, 55, 65].map((time) => timeline.acknowledgedBefore(time))).toEqual([0, 0, 1, 1, 1, 3]);
    expect([5, 15, 25, 35, 55, 65].map((time) => timeline.begunBefore(time))).toEqual([0, 1, 1, 2, 3, 3]);
  });

  it('takes versions from before the history as acknowledged', () => {
    expect(timelineOf(history(), 2).acknowledgedBefore(0)).toBe(2);
  });
});
