import { RefreshOnWrite } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { validated } from '../../validation/validation.js';
import { ListOrdersDto } from '../dto/list-orders.dto.js';
import { OrderFilterDto } from '../dto/order-filter.dto.js';
import { loadOrderList } from '../load-order-list.js';
import { OrdersService } from '../orders.service.js';
import type { OrderSort, Visibility } from '../order.js';
import { listKeyAndTags, totalKeyAndTags } from './cached-orders.js';

/** The operators' page asks for the most urgent orders, other programs for the newest: the default of the API. */
const POLLED_SORTS: readonly OrderSort[] = ['-priority', '-createdAt'];
const ALL: Visibility = { scope: 'all' };

/** What is polled of the new orders: the first page, and their number. Writes refresh those that somebody asks for. */
@Injectable()
export class NewOrders {
  constructor(orders: OrdersService, refreshOnWrite: RefreshOnWrite) {
    for (const sort of POLLED_SORTS) {
      const page = Object.freeze(validated(ListOrdersDto, { status: 'NEW', sort }));
      const keyAndTags = listKeyAndTags(page, ALL);
      refreshOnWrite.register(() => ({ ...keyAndTags, load: () => loadOrderList(orders, page, ALL) }));
    }
    const selected = Object.freeze(validated(OrderFilterDto, { status: 'NEW' }));
    const keyAndTags = totalKeyAndTags(selected, ALL);
    refreshOnWrite.register(() => ({
      ...keyAndTags,
      isAggregate: true,
      load: () => orders.total(selected.filter(), ALL),
    }));
  }
}
