import { RefreshOnWrite } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { validated } from '../../validation/validation.js';
import { ListOrdersDto } from '../dto/list-orders.dto.js';
import { loadOrderList } from '../load-order-list.js';
import { OrdersService } from '../orders.service.js';
import type { Visibility } from '../order.js';
import { listQuestion } from './order-answers.js';

const NEW_ORDERS = Object.freeze(validated(ListOrdersDto, { status: 'NEW' }));
const ALL: Visibility = { scope: 'all' };

/** The page that all operators poll: the first page of the new orders, in the default order. Writes refresh it. */
@Injectable()
export class NewOrdersPage {
  constructor(orders: OrdersService, refreshOnWrite: RefreshOnWrite) {
    const question = listQuestion(NEW_ORDERS, ALL);
    refreshOnWrite.register(() => ({ ...question, load: () => loadOrderList(orders, NEW_ORDERS, ALL) }));
  }
}
