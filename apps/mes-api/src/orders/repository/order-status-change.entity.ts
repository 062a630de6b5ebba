import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { OrderStatus } from '../order-status.js';

/** A row of an order's history. */
@Entity('order_status_changes')
export class OrderStatusChangeEntity {
  @PrimaryColumn('uuid', { name: 'order_id' })
  orderId!: string;

  @PrimaryColumn('integer')
  version!: number;

  @Column('text', { name: 'from_status' })
  from!: OrderStatus;

  @Column('text', { name: 'to_status' })
  to!: OrderStatus;

  @Column('text', { name: 'changed_by' })
  by!: string;

  @Column('timestamptz', { name: 'changed_at' })
  at!: Date;

  @Column('text', { nullable: true })
  comment!: string | null;
}
