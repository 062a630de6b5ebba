import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { HoldReason, OrderStatus } from '../order-status.js';
import type { OrderPriority, OrderSource } from '../order.js';

/** A row of `orders`, without the columns that PostgreSQL computes. */
@Entity('orders')
export class OrderEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('integer')
  number!: number;

  @Column('text', { name: 'external_id', nullable: true })
  externalId!: string | null;

  @Column('text')
  source!: OrderSource;

  @Column('text', { name: 'customer_id' })
  customerId!: string;

  @Column('text', { name: 'customer_name' })
  customerName!: string;

  @Column('text', { name: 'product_name' })
  productName!: string;

  @Column('text', { name: 'product_model_url', nullable: true })
  productModelUrl!: string | null;

  @Column('text')
  material!: string;

  @Column('integer')
  quantity!: number;

  @Column('numeric', { name: 'price_amount', nullable: true })
  priceAmount!: string | null;

  @Column('text', { name: 'price_currency', nullable: true })
  priceCurrency!: string | null;

  @Column('text')
  priority!: OrderPriority;

  @Column('timestamptz', { name: 'due_at', nullable: true })
  dueAt!: Date | null;

  @Column('text', { nullable: true })
  comment!: string | null;

  @Column('text')
  status!: OrderStatus;

  @Column('text', { name: 'previous_status', nullable: true })
  previousStatus!: OrderStatus | null;

  @Column('text', { name: 'hold_reason', nullable: true })
  holdReason!: HoldReason | null;

  @Column('text', { nullable: true })
  assignee!: string | null;

  @Column('integer')
  version!: number;

  @Column('text', { name: 'created_by' })
  createdBy!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  @Column('text', { name: 'idempotency_key', nullable: true, select: false })
  idempotencyKey!: string | null;

  @Column('text', { name: 'idempotency_hash', nullable: true, select: false })
  idempotencyHash!: string | null;
}
