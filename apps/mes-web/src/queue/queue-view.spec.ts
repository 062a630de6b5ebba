import fc from 'fast-check';
import {
  DUE,
  isFiltered,
  listArgumentsOf,
  parametersOf,
  PRIORITIES,
  SORTS,
  viewOf,
  type QueueView,
} from './queue-view';

const NOW = new Date(2031, 4, 17, 9, 32, 10);

const views = fc.record<QueueView>({
  q: fc.string({ maxLength: 20 }),
  priority: fc.subarray([...PRIORITIES]),
  material: fc.string({ maxLength: 20 }),
  due: fc.constantFrom('' as const, ...DUE),
  sort: fc.constantFrom(...SORTS),
});

describe('the view of the queue', () => {
  it('survives being written to an address and read back', () => {
    fc.assert(
      fc.property(views, (view) => {
        expect(viewOf(new URLSearchParams(parametersOf(view).toString()))).toEqual(view);
      }),
    );
  });

  it('has no parameters by default, so that it matches the cached default list', () => {
    const byDefault = viewOf(new URLSearchParams());
    expect(parametersOf(byDefault).toString()).toBe('');
    expect(isFiltered(byDefault)).toBe(false);
    expect(listArgumentsOf(byDefault, NOW)).toEqual({ status: ['NEW'] });
  });

  it('ignores unknown values in an address', () => {
    const view = viewOf(new URLSearchParams('priority=HIGH&priority=SOON&due=never&sort=colour&colour=red'));
    expect(view).toEqual({ q: '', priority: ['HIGH'], material: '', due: '', sort: '-createdAt' });
  });

  it('rounds the due time, so that requests of different users are the same', () => {
    const due = (name: QueueView['due']): string | undefined =>
      listArgumentsOf({ ...viewOf(new URLSearchParams()), due: name }, NOW).dueBefore;
    expect(due('overdue')).toBe(new Date(2031, 4, 17, 9, 30).toISOString());
    expect(due('today')).toBe(new Date(2031, 4, 18).toISOString());
    expect(due('week')).toBe(new Date(2031, 4, 25).toISOString());
  });

  it('does not search for text without a letter or digit', () => {
    for (const q of ['', ' ', '!', '—'])
      expect(listArgumentsOf({ ...viewOf(new URLSearchParams()), q }, NOW).q).toBeUndefined();
    expect(listArgumentsOf({ ...viewOf(new URLSearchParams()), q: ' ring ' }, NOW).q).toBe('ring');
  });
});
