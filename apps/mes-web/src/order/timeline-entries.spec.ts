import type { OrderHistoryDto } from '../api/client';
import { entriesOf, timesOf } from './timeline-entries';

const HISTORY: OrderHistoryDto = {
  items: [
    { from: 'NEW', to: 'MANUFACTURING_STARTED', by: 'anna', at: '2031-01-01T01:00:00.000Z', version: 2 },
    { from: 'MANUFACTURING_STARTED', to: 'NEW', by: 'anna', at: '2031-01-01T02:00:00.000Z', version: 4 },
  ],
  changes: [
    // The clock of the database was set back.
    { field: 'priority', from: 'LOW', to: 'HIGH', by: 'eva', at: '2031-01-01T00:30:00.000Z', version: 3 },
    { field: 'dueAt', to: '2032-01-01T00:00:00.000Z', by: 'eva', at: '2031-01-01T00:30:00.000Z', version: 3 },
  ],
  timeInStatus: { NEW: 3_600_000, MANUFACTURING_STARTED: 3_600_000 },
  current: { status: 'NEW', since: '2031-01-01T02:00:00.000Z' },
};

describe('the timeline of an order', () => {
  it('has steps and changes of fields in the order of their versions, and those that were made together once', () => {
    const entries = entriesOf(HISTORY).map(({ version, step, changes }) => [
      version,
      step?.to ?? changes.map(({ field }) => field),
    ]);
    expect(entries).toEqual([
      [2, 'MANUFACTURING_STARTED'],
      [3, ['priority', 'dueAt']],
      [4, 'NEW'],
    ]);
  });
});

describe('the times of an order', () => {
  it('include the present status up to now, with its earlier times', () => {
    expect(timesOf(HISTORY, new Date('2031-01-01T02:00:05.000Z'))).toEqual([
      ['MANUFACTURING_STARTED', 3_600_000],
      ['NEW', 3_605_000],
    ]);
  });

  it('are not negative on a device whose clock is behind', () => {
    expect(timesOf(HISTORY, new Date('2030-01-01T00:00:00.000Z')).at(-1)).toEqual(['NEW', 3_600_000]);
  });
});
