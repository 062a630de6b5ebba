import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { Counter, Registry } from 'prom-client';
import { OrderChanged, OrderCreated, StatusChanged } from '../orders/order-events.js';

/** Counts the writes of orders through this instance. */
@Injectable()
export class OrderMetrics {
  private readonly created: Counter<'source'>;
  private readonly moved: Counter<'from' | 'to'>;
  private readonly changed: Counter<'field'>;

  constructor(registry: Registry) {
    this.created = new Counter({
      name: 'mes_orders_created_total',
      help: 'Orders created, by source',
      labelNames: ['source'],
      registers: [registry],
    });
    this.moved = new Counter({
      name: 'mes_order_status_changes_total',
      help: 'Status changes, by previous and new status',
      labelNames: ['from', 'to'],
      registers: [registry],
    });
    this.changed = new Counter({
      name: 'mes_order_field_changes_total',
      help: 'Changes of priority, due date and assignee, by field',
      labelNames: ['field'],
      registers: [registry],
    });
  }

  @OnEvent(OrderCreated.eventName)
  countCreated({ order }: OrderCreated): void {
    this.created.inc({ source: order.source });
  }

  @OnEvent(StatusChanged.eventName)
  countMoved({ from, order }: StatusChanged): void {
    this.moved.inc({ from, to: order.status });
  }

  @OnEvent(OrderChanged.eventName)
  countChanged({ changes }: OrderChanged): void {
    for (const { field } of changes) this.changed.inc({ field });
  }
}
