import { ServerClock } from '@mes/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import type { Order } from '../../../apps/mes-api/src/orders/order.js';
import { OrderEntity } from '../../../apps/mes-api/src/orders/repository/order.entity.js';
import {
  OrdersRepository,
  type OrderPageRequest,
  type OrderPage,
} from '../../../apps/mes-api/src/orders/repository/orders.repository.js';
import { TypeOrmOrdersRepository } from '../../../apps/mes-api/src/orders/repository/typeorm-orders.repository.js';
import { PageController } from './page-controller.js';
import { servePage } from './serve-page.js';

/** A repository that reads pages by number, as most services do: with LIMIT and OFFSET, and with the number of all orders. */
@Injectable()
class OffsetOrdersRepository extends TypeOrmOrdersRepository {
  constructor(
    @InjectRepository(OrderEntity) private readonly entities: Repository<OrderEntity>,
    clock: ServerClock,
  ) {
    super(entities, clock);
  }

  override async list({ filter: { status = [] }, limit }: OrderPageRequest): Promise<OrderPage> {
    const [found, total] = await this.entities.findAndCount({
      where: { status: In(status) },
      order: { createdAt: 'DESC', id: 'DESC' },
      take: limit,
      skip: 0,
    });
    const orders = found.map(toOrder);
    const last = orders.at(-1);
    const next = last && total > limit ? { values: [last.createdAt.toISOString()], id: last.id } : undefined;
    return { orders, next };
  }
}

function toOrder(entity: OrderEntity): Order {
  const { id, number, source, material, quantity, priority, status, version, createdBy, createdAt, updatedAt } = entity;
  const { customerId, customerName, productName, productModelUrl, priceAmount, priceCurrency } = entity;
  return {
    ...{ id, number, source, material, quantity, priority, status, version, createdBy, createdAt, updatedAt },
    externalId: entity.externalId ?? undefined,
    customer: { id: customerId, name: customerName },
    product: { name: productName, modelUrl: productModelUrl ?? undefined },
    price:
      priceAmount !== null && priceCurrency !== null ? { amount: priceAmount, currency: priceCurrency } : undefined,
    dueAt: entity.dueAt ?? undefined,
    comment: entity.comment ?? undefined,
    previousStatus: entity.previousStatus ?? undefined,
    assignee: entity.assignee ?? undefined,
  };
}

await servePage({
  controllers: [PageController],
  providers: [{ provide: OrdersRepository, useClass: OffsetOrdersRepository }],
});
