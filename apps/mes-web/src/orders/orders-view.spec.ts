import fc from 'fast-check';
import { PRIORITIES } from './change';
import {
  countedFilterOf,
  DUE,
  filtersOf,
  isInView,
  isShortSearch,
  listArgumentsOf,
  listFilterOf,
  mayHave,
  nameOf,
  NO_FILTERS,
  parametersOf,
  SORTS,
  viewOf,
  type OrdersView,
} from './orders-view';
import type { Status } from './permissions';

const NOW = new Date(2031, 4, 17, 9, 32, 10);

const views = fc.record<OrdersView>({
  q: fc.string({ maxLength: 20 }),
  priority: fc.subarray([...PRIORITIES]),
  material: fc.string({ maxLength: 20 }),
  due: fc.constantFrom('' as const, ...DUE),
  assignee: fc.string({ maxLength: 20 }),
  sort: fc.constantFrom(...SORTS),
});

describe('the view of the orders', () => {
  it('survives being written to an address and read back', () => {
    fc.assert(
      fc.property(views, (view) => {
        expect(viewOf(new URLSearchParams(parametersOf(view).toString()))).toEqual(view);
      }),
    );
  });

  it('is the most urgent orders first by default, without parameters in the address', () => {
    const byDefault = viewOf(new URLSearchParams());
    expect(parametersOf(byDefault).toString()).toBe('');
    expect(filtersOf(byDefault)).toBe(0);
    expect(listArgumentsOf('NEW', byDefault, NOW)).toEqual({ status: ['NEW'], sort: '-priority' });
  });

  it('leaves out what is the default of the API', () => {
    expect(listArgumentsOf('NEW', viewOf(new URLSearchParams('sort=-createdAt')), NOW)).toEqual({ status: ['NEW'] });
  });

  it('counts its filters', () => {
    const view = viewOf(new URLSearchParams('priority=HIGH&priority=LOW&q=ring&sort=dueAt'));
    expect(filtersOf(view)).toBe(2);
  });

  it('counts no search that finds nothing and is not made', () => {
    const view = viewOf(new URLSearchParams('q=💍!&material=+&assignee=+'));
    expect(listArgumentsOf('NEW', view, NOW)).toEqual({ status: ['NEW'], sort: '-priority' });
    expect(filtersOf(view)).toBe(0);
  });

  it.each([
    ['', false],
    ['💍', false],
    ['л', true],
    [' ли ', true],
    ['лил', false],
  ])('knows whether the search %p is short', (q, isShort) => {
    expect(isShortSearch({ ...NO_FILTERS, q })).toBe(isShort);
  });

  it('asks for the orders of an operator', () => {
    const view = viewOf(new URLSearchParams('assignee=anna'));
    expect(filtersOf(view)).toBe(1);
    expect(listArgumentsOf('PACKAGING', { ...view, assignee: ' anna ' }, NOW).assignee).toEqual(['anna']);
    expect(listArgumentsOf('PACKAGING', { ...view, assignee: ' ' }, NOW).assignee).toBeUndefined();
  });

  it('names its filters, whatever its order', () => {
    expect(nameOf(viewOf(new URLSearchParams('sort=dueAt')))).toBe('');
    expect(nameOf(viewOf(new URLSearchParams('q=ring&sort=dueAt')))).toBe(
      nameOf(viewOf(new URLSearchParams('q=ring'))),
    );
  });

  it('counts what is overdue at this moment', () => {
    const overdue = viewOf(new URLSearchParams('due=overdue&priority=HIGH'));
    const filter = { status: ['PACKAGING'], priority: ['HIGH'], dueBefore: NOW.toISOString() };
    expect(countedFilterOf('PACKAGING', overdue, NOW)).toEqual(filter);
  });

  it('ignores unknown values in an address', () => {
    const view = viewOf(new URLSearchParams('priority=HIGH&priority=SOON&due=never&sort=colour&colour=red'));
    expect(view).toEqual({ ...NO_FILTERS, priority: ['HIGH'], sort: '-priority' });
  });

  it('rounds the due time up, so that requests of different users are the same', () => {
    const due = (name: OrdersView['due']): string | undefined =>
      listArgumentsOf('NEW', { ...viewOf(new URLSearchParams()), due: name }, NOW).dueBefore;
    expect(due('overdue')).toBe(new Date(2031, 4, 17, 9, 35).toISOString());
    expect(due('day')).toBe(new Date(2031, 4, 18, 9, 35).toISOString());
    expect(due('today')).toBe(new Date(2031, 4, 18).toISOString());
    expect(due('week')).toBe(new Date(2031, 4, 25).toISOString());
  });

  it('counts orders as overdue from the moment at which they are late', () => {
    const overdue = viewOf(new URLSearchParams('due=overdue'));
    const dueAt = (seconds: number, status: Status = 'NEW'): { dueAt: string; status: Status } => ({
      dueAt: new Date(NOW.getTime() + seconds * 1_000).toISOString(),
      status,
    });
    expect(isInView(overdue, dueAt(-1), NOW)).toBe(true);
    expect(isInView(overdue, dueAt(0), NOW)).toBe(false);
    expect(isInView(overdue, dueAt(60), NOW)).toBe(false);
    expect(isInView(overdue, { status: 'NEW' }, NOW)).toBe(false);
    const day = viewOf(new URLSearchParams('due=day'));
    expect(isInView(day, dueAt(-1), NOW)).toBe(true);
    expect(isInView(day, dueAt(86_399), NOW)).toBe(true);
    expect(isInView(day, dueAt(86_400), NOW)).toBe(false);
    expect(countedFilterOf('NEW', day, NOW).dueBefore).toBe(new Date(2031, 4, 18, 9, 32, 10).toISOString());
    expect(isInView(viewOf(new URLSearchParams('due=today')), dueAt(60), NOW)).toBe(true);
    for (const status of ['SHIPPED', 'CLOSED', 'CANCELLED'] as const) {
      expect(isInView(overdue, dueAt(-1, status), NOW)).toBe(false);
      expect(isInView(day, dueAt(-1, status), NOW)).toBe(false);
    }
  });

  it.each([
    ['overdue', false],
    ['day', false],
    ['today', true],
    ['week', true],
    ['', true],
  ] as const)('with the due filter %p, may have finished orders: %p', (due, may) => {
    expect(mayHave('SHIPPED', { ...NO_FILTERS, due })).toBe(may);
    expect(mayHave('PACKAGING', { ...NO_FILTERS, due })).toBe(true);
  });

  it('searches without the characters that come from the clipboard and that nobody sees', () => {
    const pasted = { ...NO_FILTERS, q: '\u200e511', material: '\u202aGold\u202c', assignee: '\u2068anna\u2069' };
    expect(listFilterOf('PACKAGING', pasted, NOW)).toEqual({
      status: ['PACKAGING'],
      q: '511',
      material: ['Gold'],
      assignee: ['anna'],
    });
  });

  it('does not search for text without a letter or digit', () => {
    for (const q of ['', ' ', '!', '—'])
      expect(listArgumentsOf('NEW', { ...viewOf(new URLSearchParams()), q }, NOW).q).toBeUndefined();
    expect(listArgumentsOf('NEW', { ...viewOf(new URLSearchParams()), q: ' ring ' }, NOW).q).toBe('ring');
  });
});
