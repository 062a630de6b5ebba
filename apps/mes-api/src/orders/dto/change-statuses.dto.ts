import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsObject, IsUUID, ValidateNested } from 'class-validator';
import { SchemaRules } from '../../openapi/schema-rules.decorator.js';
import { IsWholeNumber, Optional } from '../../validation/cardinality.decorators.js';
import { OrderError } from '../order-errors.js';
import { ORDER_STATE, problemOf } from '../order-problem.filter.js';
import type { OrderStatus } from '../order-status.js';
import type { Order } from '../order.js';
import { ChangeStatusDto, RULES_OF_REASONS } from './change-status.dto.js';
import { OrderDto, presentOrder } from './order.dto.js';

const MAX_ORDERS = 50;
const MAX_VERSION = 999_999_999;

/** An order that is to change. */
export class ChangedOrderDto {
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value))
  @IsUUID('all')
  @ApiProperty({ format: 'uuid', example: '019358f0-6a3e-7c44-9d7e-0f6a1f1b2c3d' })
  id!: string;

  @Optional()
  @IsWholeNumber(1, MAX_VERSION)
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: MAX_VERSION,
    description: 'Change the order only if it has this version, as with `If-Match`.',
    example: 1,
  })
  version?: number;
}

/** The same status change of several orders. */
@SchemaRules(RULES_OF_REASONS)
export class ChangeStatusesDto extends ChangeStatusDto {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_ORDERS)
  @ArrayUnique((order: ChangedOrderDto | null) => order?.id, { message: 'orders must not have an order twice' })
  @IsObject({ each: true, message: 'each value in orders must be an object' })
  @ValidateNested({ each: true })
  @Type(() => ChangedOrderDto)
  @ApiProperty({
    type: ChangedOrderDto,
    isArray: true,
    minItems: 1,
    maxItems: MAX_ORDERS,
    description: 'Different orders.',
  })
  orders!: ChangedOrderDto[];
}

/** An order that has changed. */
export class OrderChangedDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ enum: [200] })
  status!: 200;

  @ApiProperty({ type: OrderDto })
  order!: OrderDto;
}

const REFUSALS = [403, 404, 409, 412] as const;

/** An order that could not change: what `PATCH /orders/{id}/status` would answer. */
export class OrderRefusedDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ enum: REFUSALS })
  status!: (typeof REFUSALS)[number];

  @ApiProperty({ example: 'ORDER_TRANSITION_NOT_ALLOWED' })
  code!: string;

  @ApiProperty({ example: 'The order is MANUFACTURING_STARTED and cannot become MANUFACTURING_STARTED.' })
  detail!: string;

  @ApiPropertyOptional(ORDER_STATE.currentStatus)
  currentStatus?: OrderStatus;

  @ApiPropertyOptional(ORDER_STATE.currentVersion)
  currentVersion?: number;

  @ApiPropertyOptional(ORDER_STATE.assignee)
  assignee?: string;
}

/** What came of each order, in the order of the request. */
@ApiExtraModels(OrderChangedDto, OrderRefusedDto)
export class ChangeStatusesResultDto {
  @ApiProperty({
    type: 'array',
    items: { oneOf: [{ $ref: getSchemaPath(OrderChangedDto) }, { $ref: getSchemaPath(OrderRefusedDto) }] },
  })
  results!: (OrderChangedDto | OrderRefusedDto)[];
}

/** The result for one order, in the format of the API. */
export function presentOutcome(id: string, outcome: Order | OrderError): OrderChangedDto | OrderRefusedDto {
  if (!(outcome instanceof OrderError)) {
    return { id, status: 200, order: presentOrder(outcome, { scope: 'all' }) };
  }
  const { status, code, message: detail, extensions } = problemOf(outcome);
  return { id, status: status as OrderRefusedDto['status'], code, detail, ...extensions };
}
