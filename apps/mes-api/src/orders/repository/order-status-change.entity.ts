import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { FieldChange } from '../order-change.js';
import type { HoldReason, OrderStatus } from '../order-status.js';

/** A row of an order's history: either a status change, or a change of fields. */
@Entity('order_status_changes')
export class OrderStatusChangeEntity {
  @PrimaryColumn('uuid', { name: 'order_id' })
  orderId!: string;

  @PrimaryColumn('integer')
  version!: number;

  @Column('text', { name: 'from_status', nullable: true })
  from!: OrderStatus | null;

  @Column('text', { name: 'to_status', nullable: true })
  to!: OrderStatus | null;

  @Column('text', { name: 'changed_by' })
  by!: string;

  @Column('timestamptz', { name: 'changed_at' })
  at!: Date;

  @Column('text', { nullable: true })
  reason!: HoldReason | null;

  @Column('text', { nullable: true })
  comment!: string | null;

  @Column('jsonb', { nullable: true })
  changes!: FieldChange[] | null;
}
