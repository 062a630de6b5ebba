import { v7 as uuidv7 } from 'uuid';
import type { OrderHistoryEntry } from '../../orders/order-history.js';
import type { Order, OrderPriority, OrderSource } from '../../orders/order.js';
import { arrivals } from './arrivals.js';
import { DAY, workshopTime } from './calendar.js';
import { sampleProduct } from './catalogue.js';
import { sampleCustomer } from './customers.js';
import { live } from './life.js';
import { Random } from './random.js';

/** A stored order without its number, which the database assigns. */
export interface SampleOrder extends Omit<Order, 'number'> {
  readonly history: readonly OrderHistoryEntry[];
}

export interface SampleOptions {
  readonly count: number;
  /** Number of existing orders. It is a part of the seed. */
  readonly after: number;
  readonly seed: string;
  /** The present of the sample, in milliseconds since 1970. */
  readonly until: number;
}

const OFFICE_HOURS = { from: 9, to: 18 };
const FIRST_CUSTOMER = 10_000;

/** The creators of orders: the shop's two sites, resellers with programs of their own, and the office. */
const CREATORS: Readonly<Record<OrderSource, readonly (readonly [string, number])[]>> = {
  SHOP: [
    ['partner-1', 7],
    ['partner-2', 3],
  ],
  API: [
    ['partner-3', 5],
    ['partner-4', 3],
    ['partner-5', 2],
    ['partner-6', 1],
  ],
  CRM: [['admin-1', 1]],
};

const PRIORITIES: readonly (readonly [OrderPriority, number])[] = [
  ['LOW', 10],
  ['NORMAL', 70],
  ['HIGH', 15],
  ['URGENT', 5],
];

/** Shortest and longest time until an order is due, in days. */
const DUE: Readonly<Record<OrderPriority, readonly [number, number]>> = {
  LOW: [30, 60],
  NORMAL: [14, 40],
  HIGH: [7, 20],
  URGENT: [2, 6],
};

const COMMENTS = {
  Russian: ['Гравировка внутри: «М. С.»', 'Подарочная упаковка', 'Размер 17,5', 'Позвонить перед отправкой'],
  English: ['Engrave the initials M. S. inside.', 'Gift wrapping, please.', 'Ring size 54.', 'Call before shipping.'],
};

/** Realistic orders, oldest first. The same options give the same orders. */
export function* sampleOrders({ count, after, seed, until }: SampleOptions): Generator<SampleOrder> {
  const random = new Random(`${seed} ${after}`);
  let running = after;
  for (const time of arrivals(count, until, random)) yield sampleOrder(time, (running += 1), count, until, random);
}

function sampleOrder(time: number, running: number, count: number, until: number, random: Random): SampleOrder {
  const createdAt = new Date(time);
  const source = sourceAt(time, random);
  const priority = random.pickWeighted(PRIORITIES);
  const { speaks, ...customer } = sampleCustomer(FIRST_CUSTOMER + customerNumber(count, random));
  const { name, modelUrl, ...product } = sampleProduct(speaks, source === 'API', random);
  const [soonest, latest] = DUE[priority];
  return {
    id: uuidv7({ msecs: time, random: random.bytes(16) }),
    externalId: source === 'CRM' ? undefined : `${source === 'SHOP' ? 'WEB' : 'PO'}-${running}`,
    source,
    customer,
    product: { name, modelUrl },
    ...product,
    priority,
    dueAt: random.chance(0.75) ? new Date(time + random.whole(soonest * DAY, latest * DAY)) : undefined,
    comment: random.chance(0.12) ? random.pick(COMMENTS[speaks]) : undefined,
    createdBy: random.pickWeighted(CREATORS[source]),
    createdAt,
    ...live(createdAt, priority, until, random),
  };
}

/** Some customers order repeatedly, and a few order often. */
function customerNumber(count: number, random: Random): number {
  return Math.floor((count / 2) * random.fraction() ** 1.5);
}

function sourceAt(time: number, random: Random): OrderSource {
  const { hour, weekday } = workshopTime(time);
  const isOffice = weekday >= 1 && weekday <= 5 && hour >= OFFICE_HOURS.from && hour < OFFICE_HOURS.to;
  return random.pickWeighted([
    ['SHOP', 55],
    ['API', 28],
    ['CRM', isOffice ? 17 : 0],
  ]);
}
