import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { NewOrders } from './caching/new-orders.js';
import { CursorCodec } from './cursor-codec.js';
import { ORDER_ARCHIVING_DEFAULTS, ORDER_ARCHIVING_OPTIONS, OrderArchiving } from './order-archiving.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';
import { OrderStatusChangeEntity } from './repository/order-status-change.entity.js';
import { OrderEntity } from './repository/order.entity.js';
import { OrdersRepository, PERSISTENT_ORDERS } from './repository/orders.repository.js';
import { TypeOrmOrdersRepository } from './repository/typeorm-orders.repository.js';
import { WriteThroughOrdersRepository } from './repository/write-through-orders.repository.js';

/** The injected repository is the write-through decorator around the one that persists. */
@Module({
  imports: [TypeOrmModule.forFeature([OrderEntity, OrderStatusChangeEntity])],
  controllers: [OrdersController],
  providers: [
    OrdersService,
    CursorCodec,
    NewOrders,
    OrderArchiving,
    { provide: ORDER_ARCHIVING_OPTIONS, useFactory: () => ({ ...ORDER_ARCHIVING_DEFAULTS }) },
    { provide: PERSISTENT_ORDERS, useClass: TypeOrmOrdersRepository },
    { provide: OrdersRepository, useClass: WriteThroughOrdersRepository },
  ],
  exports: [OrdersService],
})
export class OrdersModule {}
