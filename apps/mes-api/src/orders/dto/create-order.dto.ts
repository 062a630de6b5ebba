import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDefined, IsIn, IsISO4217CurrencyCode, IsObject, IsUrl, Matches, ValidateNested } from 'class-validator';
import { IsDateTime } from '../../validation/date-time.decorator.js';
import { IsWholeNumber, Optional } from '../../validation/cardinality.decorators.js';
import { IsText, textSchema } from '../../validation/text.decorator.js';
import { ORDER_PRIORITIES, ORDER_SOURCES, type OrderPriority, type OrderRequest, type OrderSource } from '../order.js';
import { ORDER_PRIORITY, ORDER_SOURCE } from './enums.js';

export const MAX_QUANTITY = 10_000;

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';

/** A pattern for links with these characters after the host. */
const linkPattern = (characters: string): string =>
  `^[Hh][Tt][Tt][Pp][Ss]?://(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?(?:[/?#]${characters}*)?$`;

/**
 * A link whose host is plain to see. User names (`@`), backslashes, invisible characters and look-alike letters could hide the
 * host and are refused. Hosts in other scripts must be in Punycode.
 */
const MODEL_URL = new RegExp(linkPattern('[^\\s\\\\\\p{C}\\p{Default_Ignorable_Code_Point}]'), 'u');

export class CustomerDto {
  @IsText(100)
  @ApiProperty({ ...textSchema(100), example: 'C-20418' })
  id!: string;

  @IsText(200)
  @ApiProperty({ ...textSchema(200), example: 'Мария Соколова' })
  name!: string;
}

export class ProductDto {
  @IsText(200)
  @ApiProperty({ ...textSchema(200), example: 'Signet ring, oval' })
  name!: string;

  @Optional()
  @IsUrl({ protocols: ['https', 'http'], require_protocol: true, require_tld: false })
  @Matches(MODEL_URL, {
    message: 'modelUrl must be an http(s) URL with an ASCII host, without user, backslash and invisible characters',
  })
  @IsText(2_000)
  @ApiPropertyOptional({
    format: 'uri',
    maxLength: 2_000,
    // Generated clients use it without the Unicode mode.
    pattern: linkPattern('[^\\s\\\\]'),
    example: 'https://models.example.com/signet-oval.stl',
  })
  modelUrl?: string;
}

export class PriceDto {
  @Matches(/^(0|[1-9]\d{0,11})(\.\d{1,4})?$/, {
    message: 'amount must be a decimal string such as "1234.50", with at most 12 digits before and 4 after the point',
  })
  @ApiProperty({ pattern: '^(0|[1-9]\\d{0,11})(\\.\\d{1,4})?$', example: '1234.50' })
  amount!: string;

  @IsISO4217CurrencyCode({ message: 'currency must be an ISO 4217 code in upper case' })
  @Matches(/^[A-Z]{3}$/, { message: 'currency must be an ISO 4217 code in upper case' })
  @ApiProperty({ pattern: '^[A-Z]{3}$', example: 'EUR' })
  currency!: string;
}

/** The body of a new order. */
export class CreateOrderDto implements OrderRequest {
  @Optional()
  @IsText(100)
  @ApiPropertyOptional({
    ...textSchema(100),
    description: 'Your own id of the order, unique among your orders.',
    example: 'WEB-88213',
  })
  externalId?: string;

  @IsIn(ORDER_SOURCES)
  @ApiProperty({ ...ORDER_SOURCE, example: 'SHOP' })
  source!: OrderSource;

  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => CustomerDto)
  @ApiProperty({ type: CustomerDto })
  customer!: CustomerDto;

  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => ProductDto)
  @ApiProperty({ type: ProductDto })
  product!: ProductDto;

  @IsText(100)
  @ApiProperty({ ...textSchema(100), example: 'Gold 585' })
  material!: string;

  @IsWholeNumber(1, MAX_QUANTITY)
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_QUANTITY, example: 1 })
  quantity!: number;

  @Optional()
  @IsObject()
  @ValidateNested()
  @Type(() => PriceDto)
  @ApiPropertyOptional({ type: PriceDto })
  price?: PriceDto;

  @Optional()
  @IsIn(ORDER_PRIORITIES)
  // Some generators take a property with a default for a required one.
  @ApiPropertyOptional({ ...ORDER_PRIORITY, description: 'NORMAL by default.', example: 'NORMAL' })
  priority: OrderPriority = 'NORMAL';

  @Optional()
  @IsDateTime()
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'In the future.',
    example: '2031-05-17T09:30:00Z',
  })
  dueAt?: Date;

  @Optional()
  @IsText(2_000)
  @ApiPropertyOptional({ ...textSchema(2_000), example: 'Engrave the initials M. S. inside.' })
  comment?: string;
}
