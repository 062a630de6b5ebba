import { Controller, Get, Query } from '@nestjs/common';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import type { OrderListDto } from '../../../apps/mes-api/src/orders/dto/order-list.dto.js';
import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import { LIFETIME_SECONDS } from './lifetime.js';
import { OrdersPage } from './orders-page.js';
import { servePage } from './serve-page.js';

const { hostname: host, port } = new URL(process.env.REDIS_URL ?? '');
const connection = { host, port: Number(port) };

// The multi-tier store of the documentation: memory in front of Redis, and a bus between the instances.
const cache = new BentoCache({
  default: 'multitier',
  ttl: LIFETIME_SECONDS * 1_000,
  stores: {
    multitier: bentostore()
      .useL1Layer(memoryDriver({ maxSize: '10mb' }))
      .useL2Layer(redisDriver({ connection }))
      .useBus(redisBusDriver({ connection })),
  },
});

@Controller('api/v1/orders')
class BentocacheController {
  constructor(private readonly page: OrdersPage) {}

  @Get()
  list(@Query('status') status: OrderStatus): Promise<OrderListDto> {
    return cache.getOrSet({ key: `orders:${status}`, factory: () => this.page.load(status) });
  }
}

await servePage({ controllers: [BentocacheController] });
