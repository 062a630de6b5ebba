import { COLUMNS, DEFAULT_PREFERENCES, layoutOf, parsePreferences } from './list-layout';

describe('the layout of the list', () => {
  it('has all columns on a wide screen', () => {
    expect(layoutOf(76, 4, DEFAULT_PREFERENCES)).toMatchObject({ kind: 'rows', columns: COLUMNS, details: [] });
  });

  it('keeps number, customer, product, priority and due date on a tablet, with the rest below the product', () => {
    expect(layoutOf(48, 6, DEFAULT_PREFERENCES)).toMatchObject({
      kind: 'rows',
      columns: ['number', 'customer', 'product', 'priority', 'due'],
      details: ['material', 'quantity'],
    });
  });

  it('is cards on a phone', () => {
    expect(layoutOf(24, 4, DEFAULT_PREFERENCES)).toMatchObject({ kind: 'cards', details: ['material', 'quantity'] });
  });

  it('shows no column that the user has hidden, not even below the product', () => {
    const { columns, details } = layoutOf(48, 6, { density: 'compact', hidden: ['customer', 'material'] });
    expect([...columns, ...details]).not.toContain('customer');
    expect([...columns, ...details]).not.toContain('material');
  });

  it('is lower when compact, but never lower than a finger', () => {
    for (const width of [24, 76]) {
      const compact = layoutOf(width, 4, { density: 'compact', hidden: [] }).rowHeight;
      expect(compact).toBeLessThan(layoutOf(width, 4, DEFAULT_PREFERENCES).rowHeight);
      expect(compact).toBeGreaterThanOrEqual(44 / 16);
    }
  });
});

describe('remembered preferences', () => {
  it('are read as they were written', () => {
    const preferences = { density: 'compact', hidden: ['material', 'age'] };
    expect(parsePreferences(JSON.stringify(preferences))).toEqual(preferences);
  });

  it.each([
    '',
    '{"density":',
    'null',
    '7',
    '"compact"',
    '{"density":"tiny","hidden":"all"}',
    '{"hidden":["number","colour"]}',
  ])('ignore what is not valid: %s', (text) => {
    expect(parsePreferences(text) ?? DEFAULT_PREFERENCES).toEqual(DEFAULT_PREFERENCES);
  });
});
