import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { nextStatuses, type HoldReason, type OrderStatus } from '../order-status.js';
import { type Order, type OrderPriority, type OrderSource, type Visibility } from '../order.js';
import { CustomerDto, PriceDto, ProductDto } from './create-order.dto.js';
import { HOLD_REASON, ORDER_PRIORITY, ORDER_SOURCE, ORDER_STATUS } from './enums.js';

/** An order in the format of the API. */
export class OrderDto {
  @ApiProperty({ format: 'uuid', example: '019358f0-6a3e-7c44-9d7e-0f6a1f1b2c3d' })
  id!: string;

  @ApiProperty({ type: 'integer', description: 'Running number for people.', example: 104217 })
  number!: number;

  @ApiPropertyOptional({ type: String, example: 'WEB-88213' })
  externalId?: string | undefined;

  @ApiProperty({ ...ORDER_SOURCE })
  source!: OrderSource;

  @ApiProperty({ type: CustomerDto })
  customer!: CustomerDto;

  @ApiProperty({ type: ProductDto })
  product!: { readonly name: string; readonly modelUrl?: string | undefined };

  @ApiProperty({ example: 'Gold 585' })
  material!: string;

  @ApiProperty({ type: 'integer', example: 1 })
  quantity!: number;

  @ApiPropertyOptional({ type: PriceDto })
  price?: PriceDto | undefined;

  @ApiProperty({ ...ORDER_PRIORITY })
  priority!: OrderPriority;

  @ApiPropertyOptional({ type: String, format: 'date-time' })
  dueAt?: string | undefined;

  @ApiPropertyOptional({ type: String })
  comment?: string | undefined;

  @ApiProperty({ ...ORDER_STATUS })
  status!: OrderStatus;

  @ApiProperty({
    ...ORDER_STATUS,
    isArray: true,
    description:
      'The statuses that the order may change to. From MANUFACTURING_STARTED back to NEW, only the `assignee` and admins may ' +
      'change it. Partners are shown those that they may choose.',
  })
  nextStatuses!: readonly OrderStatus[];

  @ApiPropertyOptional({
    ...HOLD_REASON,
    description: 'Why the order is on hold; absent in other statuses.',
  })
  holdReason?: HoldReason | undefined;

  @ApiPropertyOptional({ type: String, description: 'The operator that has the order in work.' })
  assignee?: string | undefined;

  @ApiProperty({ type: 'integer', description: 'Version of the order, for `If-Match`.', example: 1 })
  version!: number;

  @ApiProperty({ description: 'The creator of the order.' })
  createdBy!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt!: string;
}

/** The order in the format of the API, for callers with this visibility. Absent values are left out of the JSON. */
export function presentOrder(order: Order, visibility: Visibility): OrderDto {
  return {
    id: order.id,
    number: order.number,
    externalId: order.externalId,
    source: order.source,
    customer: order.customer,
    product: order.product,
    material: order.material,
    quantity: order.quantity,
    price: order.price,
    priority: order.priority,
    dueAt: order.dueAt?.toISOString(),
    comment: order.comment,
    status: order.status,
    nextStatuses: nextStatuses(order, visibility.scope === 'all' ? 'staff' : 'creator'),
    holdReason: order.holdReason,
    assignee: order.assignee,
    version: order.version,
    createdBy: order.createdBy,
    createdAt: order.createdAt.toISOString(),
    updatedAt: order.updatedAt.toISOString(),
  };
}
