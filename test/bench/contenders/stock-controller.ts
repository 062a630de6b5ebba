import { CacheInterceptor } from '@nestjs/cache-manager';
import { Controller, Get, Query, UseInterceptors } from '@nestjs/common';
import type { OrderListDto } from '../../../apps/mes-api/src/orders/dto/order-list.dto.js';
import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import { OrdersPage } from './orders-page.js';

/** A controller with Nest's own interceptor, bound as in Nest's documentation. */
@Controller('api/v1/orders')
@UseInterceptors(CacheInterceptor)
export class StockController {
  constructor(private readonly page: OrdersPage) {}

  @Get()
  list(@Query('status') status: OrderStatus): Promise<OrderListDto> {
    return this.page.load(status);
  }
}
