import { Reminder } from '@mes/cache';
import { Injectable, Logger } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { Counter, Registry } from 'prom-client';
import { OrderChanged, OrderCreated, OrdersArchived, StatusChanged } from '../orders/order-events.js';
import { MOST_COUNTED, type DueCount } from '../orders/order-figures.js';
import { TRANSITIONS } from '../orders/order-status.js';
import { ORDER_PRIORITIES, ORDER_SOURCES, type Order, type OrderPriority } from '../orders/order.js';
import { OrdersService } from '../orders/orders.service.js';
import { DurationHistogram } from './duration-histogram.js';
import { gaugeReadAtScrape, samplesBy, type Sample } from './read-at-scrape.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** From minutes to a month, in seconds. */
const BUCKETS = [
  ...[MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR],
  ...[DAY, 2 * DAY, 3 * DAY, 5 * DAY, 7 * DAY, 14 * DAY, 30 * DAY],
];

/** How long a scrape waits for the numbers, in milliseconds. The other metrics must be there in time when the database is not. */
const PATIENCE = 300;

const FIELDS = ['priority', 'dueAt', 'assignee'] as const;

/** The numbers of one scrape. */
interface Floor {
  readonly byStatus: Readonly<Record<string, number>>;
  /** In seconds; 0 without new orders. */
  readonly oldestNewAge: number;
  readonly overdue: Readonly<Record<string, number>>;
  readonly dueSoon: Readonly<Record<string, number>>;
  readonly isExact: boolean;
  /** In seconds. The database tells its time with the numbers, so this costs no statement of its own. */
  readonly clockOffset: number;
}

/**
 * The orders on the floor, and what happens to them through this instance.
 *
 * The numbers of all orders take two statements a scrape: one reads the maintained counts, one reads bounded ranges of an index. So
 * they take as long among ten million orders as among a thousand.
 */
@Injectable()
export class FloorMetrics {
  private readonly logger = new Logger(FloorMetrics.name);
  private readonly reminder = new Reminder();
  private readonly created: Counter<'source'>;
  private readonly moved: Counter<'from' | 'to'>;
  private readonly changed: Counter<'field'>;
  private readonly archived: Counter;
  private readonly timeToStart: DurationHistogram;
  private readonly timeToCompletion: DurationHistogram;
  private reading: Promise<Floor | undefined> | undefined;

  constructor(
    private readonly registry: Registry,
    private readonly orders: OrdersService,
  ) {
    this.created = this.counter(
      'mes_orders_created_total',
      'Orders created through this instance, by source',
      'source',
    );
    for (const source of ORDER_SOURCES) this.created.inc({ source }, 0);
    this.moved = this.counter(
      'mes_order_status_changes_total',
      'Status changes through this instance, by previous and new status',
      'from',
      'to',
    );
    for (const { from, to } of TRANSITIONS) this.moved.inc({ from, to }, 0);
    this.changed = this.counter(
      'mes_order_field_changes_total',
      'Changes of priority, due date and assignee through this instance, by field',
      'field',
    );
    for (const field of FIELDS) this.changed.inc({ field }, 0);
    this.archived = this.counter('mes_orders_archived_total', 'Orders moved to the archive by this instance');
    this.timeToStart = this.times(
      'mes_order_time_to_start_seconds',
      'Time from the creation of an order to each start',
    );
    this.timeToCompletion = this.times(
      'mes_order_time_to_completion_seconds',
      'Time from the creation of an order to each completion of its manufacturing',
    );
    this.declareGauges();
  }

  @OnEvent(OrderCreated.eventName)
  countCreated({ order }: OrderCreated): void {
    this.created.inc({ source: order.source });
  }

  @OnEvent(StatusChanged.eventName)
  countMoved({ from, order }: StatusChanged): void {
    this.moved.inc({ from, to: order.status });
    if (from === 'NEW' && order.status === 'MANUFACTURING_STARTED') observeAge(this.timeToStart, order);
    if (order.status === 'MANUFACTURING_COMPLETED') observeAge(this.timeToCompletion, order);
  }

  @OnEvent(OrderChanged.eventName)
  countChanged({ changes }: OrderChanged): void {
    for (const { field } of changes) this.changed.inc({ field });
  }

  @OnEvent(OrdersArchived.eventName)
  countArchived({ count }: OrdersArchived): void {
    this.archived.inc(count);
  }

  private declareGauges(): void {
    const gauge = (
      name: string,
      help: string,
      read: (floor: Floor) => readonly Sample[],
      ...labelNames: readonly string[]
    ): void => {
      gaugeReadAtScrape(this.registry, { name, help, labelNames }, async () => {
        const floor = await this.read();
        return floor ? read(floor) : [];
      });
    };
    gauge('mes_orders', 'All orders, by status', ({ byStatus }) => samplesBy('status', byStatus), 'status');
    gauge('mes_oldest_new_order_age_seconds', 'Age of the oldest new order; 0 without any', ({ oldestNewAge }) => [
      { value: oldestNewAge },
    ]);
    gauge(
      'mes_orders_overdue',
      `Unfinished orders past their due dates, by priority (up to ${MOST_COUNTED} of each status and priority are counted)`,
      ({ overdue }) => samplesBy('priority', overdue),
      'priority',
    );
    gauge(
      'mes_orders_due_soon',
      'The same, due within the next 24 hours',
      ({ dueSoon }) => samplesBy('priority', dueSoon),
      'priority',
    );
    gauge(
      'mes_orders_late_exact',
      'Whether all overdue orders and those due soon were counted: 1, or 0 if there are more',
      ({ isExact }) => [{ value: isExact ? 1 : 0 }],
    );
    gauge(
      'mes_clock_offset_seconds',
      'How far the clock of this machine is ahead of that of PostgreSQL, negative if it is behind',
      ({ clockOffset }) => [{ value: clockOffset }],
    );
  }

  /** What is read for one scrape. Its metrics, and scrapes at the same time, share it. Undefined if the database is away. */
  private read(): Promise<Floor | undefined> {
    this.reading ??= this.readInTime().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async readInTime(): Promise<Floor | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const givenUp = new Promise<never>((_, reject) => {
      timer = setTimeout(reject, PATIENCE, new Error(`no answer within ${PATIENCE} ms`)).unref();
    });
    try {
      return await Promise.race([givenUp, this.readNow(new Date())]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (this.reminder.isDue(reason)) this.logger.warn(`cannot count the orders: ${reason}`);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  private async readNow(now: Date): Promise<Floor> {
    const [{ byStatus, oldestNewOrder, asOf }, due] = await Promise.all([
      this.orders.count(now, 1),
      this.orders.countDue(now),
    ]);
    return {
      byStatus,
      oldestNewAge: oldestNewOrder ? (asOf.getTime() - oldestNewOrder.createdAt.getTime()) / 1_000 : 0,
      overdue: byPriority(due, ({ overdue }) => overdue),
      dueSoon: byPriority(due, ({ dueSoon }) => dueSoon),
      clockOffset: (Date.now() - asOf.getTime()) / 1_000,
      isExact: due.every(({ overdue, dueSoon }) => Math.max(overdue, dueSoon) < MOST_COUNTED),
    };
  }

  private counter<Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private times(name: string, help: string): DurationHistogram {
    const histogram = new DurationHistogram(this.registry, { name, help, labelNames: ['priority'], buckets: BUCKETS });
    for (const priority of ORDER_PRIORITIES) histogram.with(priority);
    return histogram;
  }
}

function byPriority(due: readonly DueCount[], of: (count: DueCount) => number): Record<OrderPriority, number> {
  const sum = (priority: OrderPriority): number =>
    due.filter((count) => count.priority === priority).reduce((total, count) => total + of(count), 0);
  return Object.fromEntries(ORDER_PRIORITIES.map((priority) => [priority, sum(priority)])) as Record<
    OrderPriority,
    number
  >;
}

function observeAge(histogram: DurationHistogram, { priority, createdAt, updatedAt }: Order): void {
  histogram.with(priority).observe(updatedAt.getTime() - createdAt.getTime());
}
