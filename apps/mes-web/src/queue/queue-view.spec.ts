import fc from 'fast-check';
import { DUE, isFiltered, listOf, parametersOf, PRIORITIES, SORTS, viewOf, type QueueView } from './queue-view';

const NOW = new Date(2031, 4, 17, 9, 32, 10);

const views = fc.record<QueueView>({
  q: fc.string({ maxLength: 20 }),
  priority: fc.subarray([...PRIORITIES]),
  material: fc.string({ maxLength: 20 }),
  due: fc.constantFrom('' as const, ...DUE),
  sort: fc.constantFrom(...SORTS),
});

describe('the view of the queue', () => {
  it('is the same after it went through an address', () => {
    fc.assert(
      fc.property(views, (view) => {
        expect(viewOf(new URLSearchParams(parametersOf(view).toString()))).toEqual(view);
      }),
    );
  });

  it('has no parameters when it is the usual one, which is the list that the API keeps warm', () => {
    const usual = viewOf(new URLSearchParams());
    expect(parametersOf(usual).toString()).toBe('');
    expect(isFiltered(usual)).toBe(false);
    expect(listOf(usual, NOW)).toEqual({ status: ['NEW'] });
  });

  it('leaves out of an address what there is not', () => {
    const view = viewOf(new URLSearchParams('priority=HIGH&priority=SOON&due=never&sort=colour&colour=red'));
    expect(view).toEqual({ q: '', priority: ['HIGH'], material: '', due: '', sort: '-createdAt' });
  });

  it('asks for what is due before a time that many ask for', () => {
    const due = (name: QueueView['due']): string | undefined =>
      listOf({ ...viewOf(new URLSearchParams()), due: name }, NOW).dueBefore;
    expect(due('overdue')).toBe(new Date(2031, 4, 17, 9, 30).toISOString());
    expect(due('today')).toBe(new Date(2031, 4, 18).toISOString());
    expect(due('week')).toBe(new Date(2031, 4, 25).toISOString());
  });

  it('does not search for what has no letter and no digit', () => {
    for (const q of ['', ' ', '!', '—']) expect(listOf({ ...viewOf(new URLSearchParams()), q }, NOW).q).toBeUndefined();
    expect(listOf({ ...viewOf(new URLSearchParams()), q: ' ring ' }, NOW).q).toBe('ring');
  });
});
