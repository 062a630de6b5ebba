import { Controller, Get, Query } from '@nestjs/common';
import type { OrderListDto } from '../../../apps/mes-api/src/orders/dto/order-list.dto.js';
import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import { OrdersPage } from './orders-page.js';

/** A controller without a cache: it loads the page for every request. */
@Controller('api/v1/orders')
export class PageController {
  constructor(private readonly page: OrdersPage) {}

  @Get()
  list(@Query('status') status: OrderStatus): Promise<OrderListDto> {
    return this.page.load(status);
  }
}
