import { parseViews, withNewName, withoutView, withView, type SavedView } from './saved-views';

const URGENT: SavedView = { name: 'Urgent', search: 'priority=URGENT' };
const GOLD: SavedView = { name: 'Gold', search: 'material=Gold+585' };
const LATE: SavedView = { name: 'Late', search: 'due=overdue' };

describe('the saved views', () => {
  it('are in the order of their names', () => {
    expect([URGENT, GOLD, LATE].reduce<readonly SavedView[]>((views, one) => withView(views, one) ?? [], [])).toEqual([
      GOLD,
      LATE,
      URGENT,
    ]);
  });

  it('do not change if one is added under the name of another', () => {
    expect(withView([GOLD, URGENT], { name: 'Gold', search: '' })).toBeUndefined();
  });

  it('can be renamed, but not to the name of another', () => {
    expect(withNewName([GOLD, URGENT], 'Gold', 'Yellow')).toEqual([URGENT, { ...GOLD, name: 'Yellow' }]);
    expect(withNewName([GOLD, URGENT], 'Gold', 'Urgent')).toBeUndefined();
  });

  it('can be given the name that they have', () => {
    expect(withNewName([GOLD, URGENT], 'Gold', 'Gold')).toEqual([GOLD, URGENT]);
  });

  it('stay as they are if the one to be renamed was deleted meanwhile', () => {
    expect(withNewName([GOLD], 'Urgent', 'Now')).toEqual([GOLD]);
  });

  it('can be deleted', () => {
    expect(withoutView([GOLD, URGENT], 'Gold')).toEqual([URGENT]);
    expect(withoutView([GOLD], 'Urgent')).toEqual([GOLD]);
  });
});

describe('the saved views that a device remembers', () => {
  it('are those that were saved', () => {
    expect(parseViews(JSON.stringify([GOLD, URGENT]))).toEqual([GOLD, URGENT]);
  });

  it.each(['', '{"', '7', 'null', '{}', '[null,7,{"name":1,"search":""},{"name":" ","search":""},{"name":"A"}]'])(
    'are none if they are damaged: %s',
    (text) => {
      expect(parseViews(text)).toEqual([]);
    },
  );

  it('have short names, and only filters that exist', () => {
    const [view] = parseViews(
      JSON.stringify([{ name: 'x'.repeat(1_000), search: 'priority=LOW&priority=TOP&colour=red' }]),
    );
    expect(view).toEqual({ name: 'x'.repeat(40), search: 'priority=LOW' });
  });
});
