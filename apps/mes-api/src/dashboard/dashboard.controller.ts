import { CachedRoute } from '@mes/cache';
import { Controller, Get, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../auth/access.js';
import { ApiCached } from '../openapi/api-cached.decorator.js';
import { cachedDue, cachedStatuses, cachedThroughput, cachedWorkload } from './cached-dashboards.js';
import { DashboardService } from './dashboard.service.js';
import { DueDashboardDto } from './due-dashboard.dto.js';
import { hourOf, minuteOf } from './moment-of.js';
import { StatusDashboardDto } from './status-dashboard.dto.js';
import { ThroughputDashboardDto } from './throughput-dashboard.dto.js';
import { WorkloadDashboardDto } from './workload-dashboard.dto.js';

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

  @Get('due')
  @AllowRoles('operator', 'viewer', 'admin')
  @CachedRoute(cachedDue)
  @ApiOperation({
    operationId: 'getDueDashboard',
    summary: 'Count the orders that are overdue or due within 24 hours',
    description: 'By status and priority. Orders that are SHIPPED, CLOSED or CANCELLED do not count.',
  })
  @ApiCached(DueDashboardDto)
  due(@Req() request: FastifyRequest): Promise<DueDashboardDto> {
    return this.dashboard.due(minuteOf(request));
  }

  @Get('throughput')
  @AllowRoles('operator', 'viewer', 'admin')
  @CachedRoute(cachedThroughput)
  @ApiOperation({
    operationId: 'getThroughputDashboard',
    summary: 'Count what was done per hour, with the times to start and to complete',
    description:
      'Each order counts once for each step: when it was created, started, completed and shipped for the first time.',
  })
  @ApiCached(ThroughputDashboardDto)
  throughput(@Req() request: FastifyRequest): Promise<ThroughputDashboardDto> {
    return this.dashboard.throughput(hourOf(request));
  }

  @Get('workload')
  @AllowRoles('operator', 'viewer', 'admin')
  @CachedRoute(cachedWorkload)
  @ApiOperation({
    operationId: 'getWorkloadDashboard',
    summary: 'Get the operators with their started orders',
    description: 'All numbers are exact. Of the operators and of their orders, those are shown that are due soonest.',
  })
  @ApiCached(WorkloadDashboardDto)
  workload(): Promise<WorkloadDashboardDto> {
    return this.dashboard.workload();
  }
}
