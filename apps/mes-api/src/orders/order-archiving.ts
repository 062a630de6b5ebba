import { setTimeout as delay } from 'node:timers/promises';
import { Reminder } from '@mes/cache';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { Configuration } from '../config/configuration.js';
import { OrdersArchived } from './order-events.js';
import { OrdersRepository } from './repository/orders.repository.js';

/** Settings of the move of old orders to the archive. All times are in milliseconds. */
export interface OrderArchivingOptions {
  /** Time between two attempts to begin. */
  interval: number;
  /** Number of orders that are looked at in one transaction. Writers wait for one transaction at most. */
  batchSize: number;
  /** Time between two transactions, for everybody else. */
  pause: number;
  /** Time until the orders are looked at from the oldest on again. */
  rest: number;
}

export const ORDER_ARCHIVING_DEFAULTS: Readonly<OrderArchivingOptions> = {
  interval: 60_000,
  batchSize: 500,
  pause: 500,
  rest: 60 * 60_000,
};

/** Injection token of {@link OrderArchivingOptions}. */
export const ORDER_ARCHIVING_OPTIONS = Symbol('ORDER_ARCHIVING_OPTIONS');

/** Moves old orders to the archive, if that is configured. One instance at a time does so: the database sees to that. */
@Injectable()
export class OrderArchiving implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(OrderArchiving.name);
  private readonly reminder = new Reminder();
  private readonly stopped = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly orders: OrdersRepository,
    private readonly events: EventEmitter2,
    private readonly configuration: Configuration,
    @Inject(ORDER_ARCHIVING_OPTIONS) private readonly options: OrderArchivingOptions,
  ) {}

  onApplicationBootstrap(): void {
    if (this.configuration.archiveAfterDays === 0) return;
    this.timer = setInterval(() => void this.archive(), this.options.interval).unref();
  }

  /** Waits for the transaction under way. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort();
    await this.running;
  }

  /** Moves the old orders that there are, unless another instance is doing so. */
  archive(): Promise<void> {
    this.running ??= this.moveAll().finally(() => (this.running = undefined));
    return this.running;
  }

  private async moveAll(): Promise<void> {
    const { batchSize: most, pause, rest } = this.options;
    const { archiveAfterDays: afterDays } = this.configuration;
    let total = 0;
    try {
      for (let goesOn = true; goesOn;) {
        const { moved, isMore } = await this.orders.archive({ afterDays, most, pause, rest });
        total += moved;
        if (moved > 0) await this.events.emitAsync(OrdersArchived.eventName, new OrdersArchived(moved));
        goesOn = isMore && (await this.passed(pause));
      }
    } catch (error) {
      const reason = String(error);
      if (this.reminder.isDue(reason)) this.logger.warn(`cannot move old orders to the archive: ${reason}`);
    }
    if (total > 0) this.logger.log(`moved ${total} orders to the archive`);
  }

  /** @returns false as soon as the process stops */
  private passed(time: number): Promise<boolean> {
    return delay(time, true, { signal: this.stopped.signal, ref: false }).catch(() => false);
  }
}
