import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { Counter, Registry } from 'prom-client';
import { OrderCreated, StatusChanged } from '../orders/order-events.js';

/** Counts the writes of orders through this instance. */
@Injectable()
export class OrderMetrics {
  private readonly created: Counter<'source'>;
  private readonly changed: Counter<'from' | 'to'>;

  constructor(registry: Registry) {
    this.created = new Counter({
      name: 'mes_orders_created_total',
      help: 'Orders created, by source',
      labelNames: ['source'],
      registers: [registry],
    });
    this.changed = new Counter({
      name: 'mes_order_status_changes_total',
      help: 'Status changes, by previous and new status',
      labelNames: ['from', 'to'],
      registers: [registry],
    });
  }

  @OnEvent(OrderCreated.eventName)
  countCreated({ order }: OrderCreated): void {
    this.created.inc({ source: order.source });
  }

  @OnEvent(StatusChanged.eventName)
  countChanged({ from, order }: StatusChanged): void {
    this.changed.inc({ from, to: order.status });
  }
}
