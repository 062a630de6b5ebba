import { nextStatuses, ORDER_STATUSES, TRANSITIONS } from '../../orders/order-status.js';
import { DAY } from './calendar.js';
import { sampleOrders, type SampleOrder } from './sample-orders.js';

const UNTIL = Date.parse('2031-05-17T09:30:00Z');
const OPTIONS = { count: 3_000, after: 0, seed: 'spec', until: UNTIL };

describe('sampleOrders', () => {
  const orders = [...sampleOrders(OPTIONS)];

  it('gives the requested number of orders of about 18 months, oldest first', () => {
    for (const count of [1, 7, 3_000]) expect([...sampleOrders({ ...OPTIONS, count })]).toHaveLength(count);
    const times = orders.map(({ createdAt }) => createdAt.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.max(...times)).toBeLessThan(UNTIL);
    expect(Math.max(...times)).toBeGreaterThan(UNTIL - 2 * DAY);
    expect(Math.min(...times)).toBeGreaterThan(UNTIL - 560 * DAY);
    expect(Math.min(...times)).toBeLessThan(UNTIL - 530 * DAY);
  });

  it('gives the same orders for the same seed, and others for another seed or after existing orders', () => {
    expect(JSON.stringify([...sampleOrders(OPTIONS)])).toBe(JSON.stringify(orders));
    const later = [...sampleOrders({ ...OPTIONS, after: 3_000 })];
    const known = new Set(orders.flatMap(({ id, externalId = id }) => [id, externalId]));
    expect(later.filter(({ id, externalId = id }) => known.has(id) || known.has(externalId))).toEqual([]);
    const [other] = sampleOrders({ ...OPTIONS, seed: 'other' });
    expect(other?.id).not.toBe(orders[0]?.id);
  });

  it('follows the table of transitions', () => {
    expect(orders.map(replay)).toEqual(orders);
  });

  it('has every status, with closed orders among the oldest and new orders among the latest', () => {
    for (const status of ORDER_STATUSES) expect(orders.some((order) => order.status === status)).toBe(true);
    const daysOld = (status: string): number[] =>
      orders.filter((order) => order.status === status).map(({ createdAt }) => (UNTIL - createdAt.getTime()) / DAY);
    expect(Math.max(...daysOld('NEW'))).toBeLessThan(90);
    expect(Math.min(...daysOld('CLOSED'))).toBeGreaterThan(2);
  });

  it('gives ids with the time of creation (RFC 9562, section 5.7)', () => {
    const timeOf = (id: string): number => parseInt(id.replace('-', '').slice(0, 12), 16);
    expect(orders.map(({ id }) => timeOf(id))).toEqual(orders.map(({ createdAt }) => createdAt.getTime()));
    const version7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(orders.filter(({ id }) => !version7.test(id))).toEqual([]);
  });

  it('has more orders in the weeks before holidays, and fewer at night', () => {
    const created = (matches: (date: Date) => boolean): number =>
      orders.filter(({ createdAt }) => matches(createdAt)).length;
    const december = created((date) => date.toISOString().startsWith('2030-12-'));
    const september = created((date) => date.toISOString().startsWith('2030-09-'));
    expect(december).toBeGreaterThan(1.3 * september);
    expect(created((date) => date.getUTCHours() === 9)).toBeGreaterThan(
      5 * created((date) => date.getUTCHours() === 0),
    );
  });

  it('gives a returning customer the same name', () => {
    const customers = new Set(orders.map(({ customer }) => customer.id));
    const named = new Set(orders.map(({ customer }) => `${customer.id} ${customer.name}`));
    expect(named.size).toBe(customers.size);
    expect(customers.size).toBeLessThan(orders.length);
  });
});

/** The state of the order after its history, or after the legal part of it. */
function replay(order: SampleOrder): SampleOrder {
  let standing: SampleOrder = {
    ...order,
    ...{ status: 'NEW', previousStatus: undefined, holdReason: undefined, assignee: undefined, version: 1 },
    updatedAt: order.createdAt,
  };
  for (const { from, to, by, at, version, reason } of order.history) {
    const isLegal = from === standing.status && nextStatuses(standing).includes(to);
    if (
      !isLegal ||
      (to === 'ON_HOLD') !== (reason !== undefined) ||
      version !== standing.version + 1 ||
      at <= standing.updatedAt ||
      at.getTime() > UNTIL
    )
      break;
    const takes = TRANSITIONS.some((step) => step.from === from && step.to === to && step.takes);
    const assignee = takes ? by : standing.assignee;
    standing = { ...standing, status: to, previousStatus: from, holdReason: reason, assignee, version, updatedAt: at };
  }
  return standing;
}
