import 'reflect-metadata';
import { DATABASE_DEFAULTS, databaseOptions, ServerClock } from '@mes/database';
import { Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CursorCodec } from '../../../apps/mes-api/src/orders/cursor-codec.js';
import { OrdersService } from '../../../apps/mes-api/src/orders/orders.service.js';
import { OrderStatusChangeEntity } from '../../../apps/mes-api/src/orders/repository/order-status-change.entity.js';
import { OrderEntity } from '../../../apps/mes-api/src/orders/repository/order.entity.js';
import { OrdersRepository } from '../../../apps/mes-api/src/orders/repository/orders.repository.js';
import { TypeOrmOrdersRepository } from '../../../apps/mes-api/src/orders/repository/typeorm-orders.repository.js';
import { printAddress } from './print-address.js';
import { OrdersPage } from './orders-page.js';

@Module({})
class PageModule {}

/**
 * Runs a Nest application on Fastify that consists of the parts of a contender and of {@link OrdersPage}. It has no
 * authorisation, no validation and no documentation.
 */
export async function servePage({ controllers, imports = [], providers = [] }: ModuleMetadata): Promise<void> {
  const application = await NestFactory.create<NestFastifyApplication>(
    {
      module: PageModule,
      imports: [
        TypeOrmModule.forRoot({
          ...databaseOptions({ ...DATABASE_DEFAULTS, url: process.env.DATABASE_URL ?? '' }),
          autoLoadEntities: true,
        }),
        TypeOrmModule.forFeature([OrderEntity, OrderStatusChangeEntity]),
        EventEmitterModule.forRoot(),
        ...imports,
      ],
      controllers,
      providers: [
        OrdersPage,
        OrdersService,
        CursorCodec,
        ServerClock,
        { provide: OrdersRepository, useClass: TypeOrmOrdersRepository },
        ...providers,
      ],
    },
    new FastifyAdapter(),
    { logger: ['error', 'warn'] },
  );
  application.enableShutdownHooks();
  await application.listen(0, '127.0.0.1');
  printAddress(application.getHttpServer().address());
}
