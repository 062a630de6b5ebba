import { CachedRoute, type RouteDescription } from '@mes/cache';
import { Controller, Get, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../auth/access.js';
import { callerOf } from '../auth/caller.js';
import { ApiCached } from '../openapi/api-cached.decorator.js';
import { refuseParameters } from '../validation/validate-query.js';
import { hourOf } from './hour-of.js';
import { statusDashboardKeyAndTags } from './status-dashboard.js';
import { DashboardService } from './dashboard.service.js';
import { StatusDashboardDto } from './status-dashboard.dto.js';

function cachedStatuses(request: FastifyRequest): RouteDescription {
  refuseParameters(request);
  return { ...statusDashboardKeyAndTags(hourOf(request)), asker: callerOf(request).subject };
}

@ApiTags('dashboard')
@Controller('api/v1/dashboard')
export class DashboardController {
  constructor(private readonly dashboard: DashboardService) {}

  @Get('statuses')
  @AllowRoles('operator', 'viewer', 'admin')
  @CachedRoute(cachedStatuses)
  @ApiOperation({ operationId: 'getStatusDashboard', summary: 'Count the orders by status and by hour of creation' })
  @ApiCached(StatusDashboardDto)
  statuses(@Req() request: FastifyRequest): Promise<StatusDashboardDto> {
    return this.dashboard.statuses(hourOf(request));
  }
}
