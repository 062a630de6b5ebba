import { Controller, Get, Query } from '@nestjs/common';
import { createCache } from 'async-cache-dedupe';
import { Redis } from 'ioredis';
import type { OrderListDto } from '../../../apps/mes-api/src/orders/dto/order-list.dto.js';
import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import { LIFETIME_SECONDS } from './lifetime.js';
import { OrdersPage } from './orders-page.js';
import { servePage } from './serve-page.js';

const client = new Redis(process.env.REDIS_URL ?? '');

@Controller('api/v1/orders')
class AsyncCacheDedupeController {
  private readonly cache;

  constructor(page: OrdersPage) {
    // Its documentation recommends invalidation by references for data that changes.
    this.cache = createCache({
      ttl: LIFETIME_SECONDS,
      storage: { type: 'redis', options: { client, invalidation: true } },
    }).define('orders', { references: (status: OrderStatus) => [`orders:${status}`] }, (status: OrderStatus) =>
      page.load(status),
    );
  }

  @Get()
  list(@Query('status') status: OrderStatus): Promise<OrderListDto> {
    return this.cache.orders(status);
  }
}

await servePage({ controllers: [AsyncCacheDedupeController] });
