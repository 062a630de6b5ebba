import { CachedRoute } from '@mes/cache';
import { Body, Controller, Get, Headers, Param, Patch, Post, Query, Res, UseFilters } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AllowRoles } from '../auth/access.js';
import { type Caller, CurrentCaller } from '../auth/caller.js';
import { CurrentVisibility } from './visibility-of.js';
import { ApiCached } from '../openapi/api-cached.decorator.js';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';
import {
  orderAnswer,
  orderHistoryAnswer,
  orderListAnswer,
  orderTotalAnswer,
  versionTag,
} from './caching/order-answers.js';
import { ChangeStatusDto } from './dto/change-status.dto.js';
import { CreateOrderDto } from './dto/create-order.dto.js';
import { ListOrdersDto } from './dto/list-orders.dto.js';
import { OrderFilterDto } from './dto/order-filter.dto.js';
import { OrderHistoryDto, presentHistory } from './dto/order-history.dto.js';
import { OrderIdPipe } from './dto/order-id.js';
import { OrderListDto } from './dto/order-list.dto.js';
import { OrderTotalDto } from './dto/order-total.dto.js';
import { OrderDto, presentOrder } from './dto/order.dto.js';
import { IDEMPOTENCY_KEY_HEADER, IF_MATCH_HEADER, parseIdempotencyKey, parseIfMatch } from './dto/request-headers.js';
import { ORDER_NOT_FOUND, ORDER_VERSION_MISMATCH, OrderProblemFilter } from './order-problem.filter.js';
import { loadOrderList } from './load-order-list.js';
import { OrdersService } from './orders.service.js';
import type { Visibility } from './order.js';

@ApiTags('orders')
@Controller('api/v1/orders')
@UseFilters(OrderProblemFilter)
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get()
  @AllowRoles('operator', 'viewer', 'admin', 'partner')
  @CachedRoute(orderListAnswer)
  @ApiOperation({
    operationId: 'listOrders',
    summary: 'List orders',
    description: 'A page of orders. `?status=NEW` gives the new orders. Partners see only their own orders.',
  })
  @ApiCached(OrderListDto)
  list(@Query() query: ListOrdersDto, @CurrentVisibility() visibility: Visibility): Promise<OrderListDto> {
    return loadOrderList(this.orders, query, visibility);
  }

  @Get('count')
  @AllowRoles('operator', 'viewer', 'admin', 'partner')
  @CachedRoute(orderTotalAnswer)
  @ApiOperation({
    operationId: 'countOrders',
    summary: 'Count orders',
    description:
      'How many orders the list with the same filters has. By status and priority alone, any number is exact. With other filters, ' +
      'and for partners, who count their own orders, it is exact up to 10,000. If that would need to look at more than 20,000 ' +
      'orders, fewer are counted.',
  })
  @ApiCached(OrderTotalDto)
  total(@Query() query: OrderFilterDto, @CurrentVisibility() visibility: Visibility): Promise<OrderTotalDto> {
    return this.orders.total(query.filter(), visibility);
  }

  @Post()
  @AllowRoles('partner', 'admin')
  @ApiOperation({
    operationId: 'createOrder',
    summary: 'Create an order',
    description:
      'A request with an `Idempotency-Key` can be repeated safely: the same key and body return the same order.',
  })
  @ApiHeader(IDEMPOTENCY_KEY_HEADER)
  @ApiCreatedResponse({
    type: OrderDto,
    headers: {
      Location: { description: 'Path of the new order.', schema: { type: 'string' } },
      ETag: { description: 'Version of the order, for `If-Match`.', schema: { type: 'string' } },
    },
  })
  @ApiProblems(
    413,
    415,
    {
      status: 409,
      code: 'ORDER_EXTERNAL_ID_TAKEN',
      description: 'You have already created an order with this `externalId`.',
    },
    {
      status: 422,
      code: 'IDEMPOTENCY_KEY_REUSED',
      description: 'This `Idempotency-Key` was used before with another body.',
    },
  )
  async create(
    @Body() body: CreateOrderDto,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderDto> {
    const order = await this.orders.create(body, caller.subject, parseIdempotencyKey(idempotencyKey));
    reply.headers({ location: `/api/v1/orders/${order.id}`, etag: versionTag(order) });
    return presentOrder(order);
  }

  @Get(':id')
  @AllowRoles('operator', 'viewer', 'admin', 'partner')
  @CachedRoute(orderAnswer)
  @ApiOperation({
    operationId: 'getOrder',
    summary: 'Get an order',
    description: 'The `ETag` starts with the version of the order and can be sent in `If-Match`.',
  })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiCached(OrderDto)
  @ApiProblems(ORDER_NOT_FOUND, 414)
  async find(@Param('id', OrderIdPipe) id: string, @CurrentVisibility() visibility: Visibility): Promise<OrderDto> {
    return presentOrder(await this.orders.find(id, visibility));
  }

  @Get(':id/history')
  @AllowRoles('operator', 'viewer', 'admin', 'partner')
  @CachedRoute(orderHistoryAnswer)
  @ApiOperation({
    operationId: 'getOrderHistory',
    summary: 'Get the status changes of an order',
    description: 'All past status changes, oldest first.',
  })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiCached(OrderHistoryDto)
  @ApiProblems(ORDER_NOT_FOUND, 414)
  async history(
    @Param('id', OrderIdPipe) id: string,
    @CurrentVisibility() visibility: Visibility,
  ): Promise<OrderHistoryDto> {
    return presentHistory(await this.orders.history(id, visibility));
  }

  @Patch(':id/status')
  @AllowRoles('operator', 'admin')
  @ApiOperation({
    operationId: 'changeOrderStatus',
    summary: 'Change the status of an order',
    description:
      'The change to MANUFACTURING_STARTED takes an order into work: of concurrent requests one succeeds, and its caller ' +
      'becomes the `assignee`.',
  })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiHeader(IF_MATCH_HEADER)
  @ApiOkResponse({
    type: OrderDto,
    headers: { ETag: { description: 'New version of the order.', schema: { type: 'string' } } },
  })
  @ApiProblems(ORDER_NOT_FOUND, ORDER_VERSION_MISMATCH, 413, 414, 415, {
    status: 409,
    code: 'ORDER_TRANSITION_NOT_ALLOWED',
    description:
      'The order cannot change to this status, or another caller was faster: `currentStatus`, `currentVersion` and ' +
      '`assignee` tell its state.',
  })
  async changeStatus(
    @Param('id', OrderIdPipe) orderId: string,
    @Body() { status, comment }: ChangeStatusDto,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderDto> {
    const ifVersions = parseIfMatch(ifMatch);
    const order = await this.orders.changeStatus({ orderId, to: status, by: caller.subject, comment, ifVersions });
    reply.header('etag', versionTag(order));
    return presentOrder(order);
  }
}
