import type { ListOrdersDto } from './dto/list-orders.dto.js';
import type { OrderListDto } from './dto/order-list.dto.js';
import { presentOrder } from './dto/order.dto.js';
import type { OrdersService } from './orders.service.js';
import type { Visibility } from './order.js';

/** Loads the page of orders for a query, in the format of the API. */
export async function loadOrderList(
  orders: OrdersService,
  query: Readonly<ListOrdersDto>,
  visibility: Visibility,
): Promise<OrderListDto> {
  const { sort, limit, cursor } = query;
  const page = await orders.list(
    { filter: query.filter(), sort, limit, cursor, list: query.normalisedList() },
    visibility,
  );
  return { items: page.orders.map((order) => presentOrder(order, visibility)), nextCursor: page.nextCursor, limit };
}
