import { CachedRoute } from '@mes/cache';
import { Body, Controller, Get, Headers, Param, Patch, Post, Query, Res, UseFilters } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AllowRoles } from '../auth/access.js';
import { type Caller, CurrentCaller } from '../auth/caller.js';
import { Configuration } from '../config/configuration.js';
import { CurrentActor } from './actor-of.js';
import { CurrentVisibility } from './visibility-of.js';
import { ApiCached } from '../openapi/api-cached.decorator.js';
import { ApiProblems, OUTCOME_UNKNOWN } from '../problem-details/api-problems.decorator.js';
import {
  cachedOrder,
  cachedOrderHistory,
  cachedOrderList,
  cachedOrderTotal,
  versionTag,
} from './caching/cached-orders.js';
import { ChangeOrderDto, wantedFields } from './dto/change-order.dto.js';
import { ChangeStatusDto, reasonOf } from './dto/change-status.dto.js';
import { ChangeStatusesDto, ChangeStatusesResultDto, presentOutcome } from './dto/change-statuses.dto.js';
import { CreateOrderDto } from './dto/create-order.dto.js';
import { ListOrdersDto } from './dto/list-orders.dto.js';
import { OrderFilterDto } from './dto/order-filter.dto.js';
import { OrderHistoryDto, presentHistory } from './dto/order-history.dto.js';
import { OrderIdPipe } from './dto/order-id.js';
import { OrderListDto } from './dto/order-list.dto.js';
import { OrderTotalDto } from './dto/order-total.dto.js';
import { OrderDto, presentOrder } from './dto/order.dto.js';
import { IDEMPOTENCY_KEY_HEADER, IF_MATCH_HEADER, parseIdempotencyKey, parseIfMatch } from './dto/request-headers.js';
import {
  ORDER_DUE_DATE_PASSED,
  ORDER_NOT_FOUND,
  ORDER_OF_ANOTHER_OPERATOR,
  ORDER_VERSION_MISMATCH,
  OrderProblemFilter,
} from './order-problem.filter.js';
import { OrderNotFoundError } from './order-errors.js';
import { loadOrderList } from './load-order-list.js';
import { OrdersService } from './orders.service.js';
import type { Actor, Visibility } from './order.js';

const NEW_VERSION = {
  ETag: { description: 'Version of the order, for `If-Match`.', schema: { type: 'string' as const } },
};

@ApiTags('orders')
@Controller('api/v1/orders')
@UseFilters(OrderProblemFilter)
export class OrdersController {
  constructor(
    private readonly orders: OrdersService,
    private readonly configuration: Configuration,
  ) {}

  @Get()
  @AllowRoles('operator', 'viewer', 'admin', 'partner')
  @CachedRoute(cachedOrderList)
  @ApiOperation({
    operationId: 'listOrders',
    summary: 'List orders',
    description:
      'A page of orders. `?status=NEW` gives the new orders. Partners see only their own orders.\n\n' +
      'Orders that moved to the archive, because they were CLOSED or CANCELLED long ago, are in no list, search or count, except by ' +
      'their number; what has happened in each hour, such as arrivals, still includes them.',
  })
  @ApiCached(OrderListDto)
  @ApiProblems({
    status: 400,
    code: 'CURSOR_INVALID',
    description: 'The `cursor` belongs to another list: leave it out to start at the first page.',
  })
  list(@Query() query: ListOrdersDto, @CurrentVisibility() visibility: Visibility): Promise<OrderListDto> {
    return loadOrderList(this.orders, query, visibility);
  }

  @Get('count')
  @AllowRoles('operator', 'viewer', 'admin', 'partner')
  @CachedRoute(cachedOrderTotal)
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
      'A request with an `Idempotency-Key` can be repeated safely: the same key and body return the same order. Without a key, a ' +
      'repetition after 503 `OUTCOME_UNKNOWN`, or without an answer, may create a second order.',
  })
  @ApiHeader(IDEMPOTENCY_KEY_HEADER)
  @ApiCreatedResponse({
    type: OrderDto,
    headers: {
      Location: { description: 'Path of the new order.', schema: { type: 'string' } },
      ...NEW_VERSION,
    },
  })
  @ApiProblems(
    ORDER_DUE_DATE_PASSED,
    OUTCOME_UNKNOWN,
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
    @CurrentVisibility() visibility: Visibility,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderDto> {
    const order = await this.orders.create(body, caller.subject, parseIdempotencyKey(idempotencyKey));
    reply.headers({ location: `${this.configuration.basePath}/api/v1/orders/${order.id}`, etag: versionTag(order) });
    return presentOrder(order, visibility);
  }

  @Get(':id')
  @AllowRoles('operator', 'viewer', 'admin', 'partner')
  @CachedRoute(cachedOrder)
  @ApiOperation({
    operationId: 'getOrder',
    summary: 'Get an order',
    description:
      'The `ETag` starts with the version of the order and can be sent in `If-Match`. An archived order is answered like any other.',
  })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiCached(OrderDto)
  @ApiProblems(ORDER_NOT_FOUND)
  async find(@Param('id', OrderIdPipe) id: string, @CurrentVisibility() visibility: Visibility): Promise<OrderDto> {
    return presentOrder(await this.orders.find(id, visibility), visibility);
  }

  @Get(':id/history')
  @AllowRoles('operator', 'viewer', 'admin', 'partner')
  @CachedRoute(cachedOrderHistory)
  @ApiOperation({
    operationId: 'getOrderHistory',
    summary: 'Get the past changes of an order',
    description: 'All past changes of its status and of its fields, and for how long it had each status.',
  })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiCached(OrderHistoryDto)
  @ApiProblems(ORDER_NOT_FOUND)
  async history(
    @Param('id', OrderIdPipe) id: string,
    @CurrentVisibility() visibility: Visibility,
  ): Promise<OrderHistoryDto> {
    return presentHistory(await this.orders.history(id, visibility));
  }

  @Patch(':id')
  @ApiProblems(ORDER_OF_ANOTHER_OPERATOR)
  @AllowRoles('operator', 'admin')
  @ApiOperation({
    operationId: 'changeOrder',
    summary: 'Change priority, due date or assignee of an order',
    description:
      'Changes all given fields or none. Operators change the priority, and hand over what they have in work. Admins also change ' +
      'the due date, and hand over any order that somebody has in work. If the order has the given values already, nothing is ' +
      'written, whatever its status.',
  })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiHeader(IF_MATCH_HEADER)
  @ApiOkResponse({ type: OrderDto, headers: NEW_VERSION })
  @ApiProblems(ORDER_NOT_FOUND, ORDER_VERSION_MISMATCH, ORDER_DUE_DATE_PASSED, OUTCOME_UNKNOWN, 413, 415, {
    status: 409,
    code: 'ORDER_CHANGE_NOT_ALLOWED',
    description:
      'The order is SHIPPED, CLOSED or CANCELLED, or is to be handed over although nobody has it in work, or others kept changing ' +
      'it at the same time: `currentStatus`, `currentVersion` and `assignee` tell its state.',
  })
  async change(
    @Param('id', OrderIdPipe) id: string,
    @Body() body: ChangeOrderDto,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentActor() by: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderDto> {
    const ifVersions = parseIfMatch(ifMatch);
    const order = await this.orders.changeFields({ order: { id, ifVersions }, wanted: wantedFields(body), by });
    reply.header('etag', versionTag(order));
    return presentOrder(order, { scope: 'all' });
  }

  @Patch(':id/status')
  @ApiProblems(ORDER_OF_ANOTHER_OPERATOR)
  @AllowRoles('operator', 'admin', 'partner')
  @ApiOperation({
    operationId: 'changeOrderStatus',
    summary: 'Change the status of an order',
    description:
      'The change to MANUFACTURING_STARTED takes an order into work: of concurrent requests one succeeds, and its caller ' +
      'becomes the `assignee`. From there, the change to NEW gives it back to the queue. Partners may cancel their own orders ' +
      'while these are NEW.\n\n' +
      'An identical request of the same caller succeeds again as long as the order has not changed since, so a request without ' +
      'an answer can be repeated, also with its `If-Match`.',
  })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiHeader(IF_MATCH_HEADER)
  @ApiOkResponse({ type: OrderDto, headers: NEW_VERSION })
  @ApiProblems(ORDER_NOT_FOUND, ORDER_VERSION_MISMATCH, OUTCOME_UNKNOWN, 413, 415, {
    status: 409,
    code: 'ORDER_TRANSITION_NOT_ALLOWED',
    description:
      'The order cannot change to this status, or another caller was faster: `currentStatus`, `currentVersion` and ' +
      '`assignee` tell its state.',
  })
  async changeStatus(
    @Param('id', OrderIdPipe) id: string,
    @Body() body: ChangeStatusDto,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentActor() by: Actor,
    @CurrentVisibility() visibility: Visibility,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderDto> {
    const ifVersions = parseIfMatch(ifMatch);
    const { status: to, comment } = body;
    const order = await this.orders.changeStatus(
      { id, ifVersions },
      { to, by, visibility, reason: reasonOf(body), comment },
    );
    reply.header('etag', versionTag(order));
    return presentOrder(order, visibility);
  }

  @Patch('status')
  @AllowRoles('operator', 'admin')
  @ApiOperation({
    operationId: 'changeOrderStatuses',
    summary: 'Change the status of several orders',
    description:
      'Does for each of up to 50 orders what `PATCH /orders/{id}/status` does for one, by itself: an order that is refused does ' +
      'not stop the others. The answer has a result for each order, in the order of the request. After any other answer than 200, ' +
      'the request can be repeated; an order that has changed since is then refused.',
  })
  @ApiOkResponse({ type: ChangeStatusesResultDto })
  @ApiProblems(OUTCOME_UNKNOWN, 413, 415)
  async changeStatuses(
    @Body() body: ChangeStatusesDto,
    @CurrentActor() by: Actor,
    @CurrentVisibility() visibility: Visibility,
  ): Promise<ChangeStatusesResultDto> {
    const orders = body.orders.map(({ id, version }) => ({ id, ...(version && { ifVersions: [version] }) }));
    const { status: to, comment } = body;
    const outcomes = await this.orders.changeStatuses({ orders, to, by, visibility, reason: reasonOf(body), comment });
    return {
      results: orders.map(({ id }, i) => presentOutcome(id, outcomes[i] ?? new OrderNotFoundError())),
    };
  }
}
