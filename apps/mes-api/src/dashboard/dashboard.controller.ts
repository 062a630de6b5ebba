import { CacheAside, type CacheDescription } from '@mes/cache';
import { Controller, Get, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../auth/access.decorators.js';
import { ORDER_COUNTS_TAG } from '../orders/caching/order-tags.js';
import { ApiCached } from '../problem-details/api-cached.decorator.js';
import { hourOf } from './hour-of.js';
import { DashboardService } from './dashboard.service.js';
import { StatusDashboardDto } from './status-dashboard.dto.js';

/** The hours that are shown move on without any write, so the hour is a part of the question. */
function statusesAnswer(request: FastifyRequest): CacheDescription {
  return { key: `dashboard:statuses:${hourOf(request).toISOString()}`, tags: [ORDER_COUNTS_TAG] };
}

@ApiTags('dashboard')
@Controller('api/v1/dashboard')
export class DashboardController {
  constructor(private readonly dashboard: DashboardService) {}

  @Get('statuses')
  @AllowRoles('operator', 'viewer', 'admin')
  @CacheAside(statusesAnswer)
  @ApiOperation({ operationId: 'getStatusDashboard', summary: 'Count the orders by status and by hour of arrival' })
  @ApiOkResponse({ type: StatusDashboardDto })
  @ApiCached()
  statuses(@Req() request: FastifyRequest): Promise<StatusDashboardDto> {
    return this.dashboard.statuses(hourOf(request));
  }
}
