import type { OrderDto } from '../api/client';
import type { Role, Session } from '../session/session';
import { isReached, isSuperseded, undoOf } from './change';

const BEFORE: OrderDto = {
  id: '1',
  number: 1,
  source: 'SHOP',
  customer: { id: 'C-1', name: 'Anna' },
  product: { name: 'Ring' },
  material: 'Gold 585',
  quantity: 1,
  priority: 'NORMAL',
  status: 'NEW',
  nextStatuses: ['MANUFACTURING_STARTED', 'ON_HOLD', 'CANCELLED'],
  version: 1,
  createdBy: 'partner-1',
  createdAt: '2031-01-01T00:00:00.000Z',
  updatedAt: '2031-01-01T00:00:00.000Z',
};

const order = (changes: Partial<OrderDto>): OrderDto => ({ ...BEFORE, ...changes });

function user(subject: string, role: Role = 'operator'): Session {
  return {
    subject,
    roles: [role],
    token: () => '',
    renew: () => Promise.resolve(undefined),
    end: () => undefined,
    signOut: () => Promise.resolve(),
  };
}

const anna = user('anna');
const running = order({
  status: 'MANUFACTURING_STARTED',
  nextStatuses: ['MANUFACTURING_COMPLETED', 'ON_HOLD', 'NEW'],
  assignee: 'anna',
  version: 2,
});
const held = order({
  status: 'ON_HOLD',
  nextStatuses: ['MANUFACTURING_STARTED', 'CANCELLED'],
  holdReason: 'BREAK',
  assignee: 'anna',
  version: 3,
});
const completed = order({
  status: 'MANUFACTURING_COMPLETED',
  nextStatuses: ['PACKAGING', 'MANUFACTURING_STARTED'],
  assignee: 'anna',
  version: 3,
});

describe('undoOf', () => {
  it.each([
    ['taking', { order: BEFORE, to: 'MANUFACTURING_STARTED' }, running],
    ['pausing', { order: running, to: 'ON_HOLD' }, held],
    ['finishing', { order: running, to: 'MANUFACTURING_COMPLETED' }, completed],
  ] as const)('takes back %s, of exactly that version', (_, change, after) => {
    const undo = undoOf(change, after, anna);
    expect(undo).toMatchObject({ order: after, to: change.order.status, isExact: true });
  });

  it('pauses again with the same reason and comment', () => {
    const resumed = order({ ...running, version: 4 });
    const resume = { order: held, to: 'MANUFACTURING_STARTED' } as const;
    expect(undoOf(resume, resumed, anna)).toMatchObject({ reason: 'BREAK', hasLastHoldComment: true });
  });

  it.each([
    ['a step', { order: BEFORE, to: 'MANUFACTURING_STARTED' }, running, order({ version: 3 })],
    ['a field', { order: BEFORE, field: 'priority', value: 'HIGH' }, order({ version: 2 }), order({ version: 3 })],
  ] as const)('is an undo for a change of %s, and none for an undo', (_, change, after, undone) => {
    const undo = undoOf(change, after, anna);
    expect(undo?.isUndo).toBe(true);
    const redo = undo && undoOf(undo, undone, anna);
    expect(redo?.isUndo).toBe(false);
    expect(redo && undoOf(redo, { ...after, version: 4 }, anna)?.isUndo).toBe(true);
  });

  it('takes back nothing that the table does not allow', () => {
    const cancelled = order({ status: 'CANCELLED', nextStatuses: [], version: 2 });
    expect(undoOf({ order: BEFORE, to: 'CANCELLED' }, cancelled, anna)).toBeUndefined();
  });

  it('gives no order to another operator than the one who had it', () => {
    const change = { order: running, to: 'MANUFACTURING_COMPLETED' } as const;
    expect(undoOf(change, completed, user('eva', 'admin'))).toBeUndefined();
  });

  it('takes back a hand-over only for those who are in charge', () => {
    const change = { order: running, field: 'assignee', value: 'boris' } as const;
    const after = order({ ...running, assignee: 'boris', version: 3 });
    expect(undoOf(change, after, anna)).toBeUndefined();
    expect(undoOf(change, after, user('eva', 'admin'))).toMatchObject({
      order: after,
      field: 'assignee',
      value: 'anna',
    });
  });

  it('restores the values of fields, but no due date that has passed', () => {
    const admin = user('eva', 'admin');
    const after = order({ dueAt: '2131-01-01T00:00:00.000Z', version: 2 });
    const change = { order: BEFORE, field: 'dueAt', value: '2131-01-01T00:00:00.000Z' } as const;
    expect(undoOf(change, after, admin)).toMatchObject({ order: after, field: 'dueAt', value: null });
    const late = order({ dueAt: '2001-01-01T00:00:00.000Z' });
    expect(undoOf({ ...change, order: late }, after, admin)).toBeUndefined();
    expect(undoOf(change, order({ version: 1 }), admin)).toBeUndefined();
  });
});

describe('isReached', () => {
  it('is about the user for an order that is taken, and about the status for one that is resumed', () => {
    expect(isReached({ order: BEFORE, to: 'MANUFACTURING_STARTED' }, running, anna)).toBe(true);
    expect(isReached({ order: BEFORE, to: 'MANUFACTURING_STARTED' }, running, user('boris'))).toBe(false);
    expect(isReached({ order: held, to: 'MANUFACTURING_STARTED' }, running, user('boris'))).toBe(true);
  });

  it('is about the reason, too, for an order that is put on hold', () => {
    const paused = order({ status: 'ON_HOLD', holdReason: 'BREAK', version: 2 });
    expect(isReached({ order: BEFORE, to: 'ON_HOLD', reason: 'BREAK' }, paused, anna)).toBe(true);
    expect(isReached({ order: BEFORE, to: 'ON_HOLD', reason: 'QUALITY' }, paused, anna)).toBe(false);
  });

  it('compares due dates by their time', () => {
    const dated = order({ dueAt: '2131-01-01T00:00:00.000Z' });
    const change = (value: string | null) => ({ order: BEFORE, field: 'dueAt', value }) as const;
    expect(isReached(change('2131-01-01T03:00:00+03:00'), dated, anna)).toBe(true);
    expect(isReached(change(null), dated, anna)).toBe(false);
    expect(isReached(change(null), BEFORE, anna)).toBe(true);
  });
});

describe('isSuperseded', () => {
  it('is about the version for changes of exactly one, and about the status for other steps', () => {
    const edited = order({ priority: 'HIGH', version: 2 });
    expect(isSuperseded({ order: BEFORE, field: 'priority', value: 'LOW' }, edited)).toBe(true);
    expect(isSuperseded({ order: BEFORE, to: 'ON_HOLD', isExact: true }, edited)).toBe(true);
    expect(isSuperseded({ order: BEFORE, to: 'ON_HOLD' }, edited)).toBe(false);
    expect(isSuperseded({ order: BEFORE, to: 'ON_HOLD' }, running)).toBe(true);
  });
});
