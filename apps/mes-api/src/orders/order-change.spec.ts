import { permittedChanges } from './order-change.js';
import { ORDER_STATUSES } from './order-status.js';
import type { Actor, Order } from './order.js';

const NOW = new Date('2031-05-17T09:30:00Z');
const TOMORROW = new Date('2031-05-18T09:30:00Z');
const YESTERDAY = new Date('2031-05-16T09:30:00Z');

const ann: Actor = { subject: 'ann', role: 'operator' };
const bob: Actor = { subject: 'bob', role: 'operator' };
const admin: Actor = { subject: 'admin-1', role: 'admin' };

function order(values: Partial<Order> = {}): Order {
  return {
    ...{ id: '1', number: 1, source: 'SHOP', customer: { id: 'C', name: 'N' }, product: { name: 'P' }, material: 'M' },
    ...{ quantity: 1, priority: 'NORMAL', status: 'MANUFACTURING_STARTED', assignee: 'ann', version: 2 },
    ...{ createdBy: 'partner-1', createdAt: NOW, updatedAt: NOW },
    ...values,
  };
}

describe('permittedChanges', () => {
  it('names the fields that differ, with their values as the API shows them', () => {
    const wanted = { priority: 'URGENT', dueAt: TOMORROW, assignee: 'bob' } as const;
    expect(permittedChanges(order(), wanted, ann, NOW)).toEqual([
      { field: 'priority', from: 'NORMAL', to: 'URGENT' },
      { field: 'dueAt', to: '2031-05-18T09:30:00.000Z' },
      { field: 'assignee', from: 'ann', to: 'bob' },
    ]);
    expect(permittedChanges(order({ dueAt: TOMORROW }), { dueAt: null }, admin, NOW)).toEqual([
      { field: 'dueAt', from: '2031-05-18T09:30:00.000Z', to: undefined },
    ]);
  });

  it('names nothing if the order has the values, even those that the caller could not give it', () => {
    const wanted = { priority: 'NORMAL', dueAt: YESTERDAY, assignee: 'ann' } as const;
    expect(permittedChanges(order({ dueAt: YESTERDAY }), wanted, bob, NOW)).toEqual([]);
    expect(permittedChanges(order(), { dueAt: null }, ann, NOW)).toEqual([]);
  });

  it('refuses a due date that has passed', () => {
    for (const dueAt of [YESTERDAY, NOW]) {
      expect(() => permittedChanges(order(), { dueAt }, admin, NOW)).toThrow('dueAt must be in the future');
    }
  });

  it('hands over only what somebody has in work, for that operator and admins', () => {
    const wanted = { assignee: 'bob' };
    expect(permittedChanges(order(), wanted, admin, NOW)).toHaveLength(1);
    expect(() => permittedChanges(order(), wanted, bob, NOW)).toThrow('in work with ann');
    for (const by of [ann, admin]) {
      expect(() => permittedChanges(order({ assignee: undefined }), wanted, by, NOW)).toThrow('cannot be handed over');
    }
  });

  it.each(ORDER_STATUSES)('decides whether an order that is %s can be changed', (status) => {
    const change = (): unknown => permittedChanges(order({ status }), { priority: 'HIGH' }, admin, NOW);
    if (['SHIPPED', 'CLOSED', 'CANCELLED'].includes(status)) expect(change).toThrow('can no longer be changed');
    else expect(change()).toHaveLength(1);
    expect(permittedChanges(order({ status }), { priority: 'NORMAL' }, admin, NOW)).toEqual([]);
  });
});
