import { Injectable } from '@nestjs/common';
import { ListOrdersDto } from '../../../apps/mes-api/src/orders/dto/list-orders.dto.js';
import type { OrderListDto } from '../../../apps/mes-api/src/orders/dto/order-list.dto.js';
import { presentOrder } from '../../../apps/mes-api/src/orders/dto/order.dto.js';
import { OrdersService } from '../../../apps/mes-api/src/orders/orders.service.js';
import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';

/** The work of every contender's handler: loads the first page of orders with a status as this API does. */
@Injectable()
export class OrdersPage {
  constructor(private readonly orders: OrdersService) {}

  async load(status: OrderStatus): Promise<OrderListDto> {
    const query = Object.assign(new ListOrdersDto(), { status: [status] });
    const { sort, limit } = query;
    const list = query.normalisedList();
    const page = await this.orders.list({ filter: query.filter(), sort, limit, list }, { scope: 'all' });
    return {
      items: page.orders.map((order) => presentOrder(order, { scope: 'all' })),
      nextCursor: page.nextCursor,
      limit,
    };
  }
}
