import { Backplane, CacheStatistics, CacheWrites, EPOCH, Ledger } from '@mes/cache';
import { Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../auth/access.decorators.js';
import { EventLog } from '../events-stream/event-log.js';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';
import { CacheStatisticsDto } from './cache-statistics.dto.js';
import { EvictTagsDto } from './evict-tags.dto.js';

@ApiTags('cache')
@Controller('api/v1/cache')
export class CacheAdministrationController {
  constructor(
    private readonly writes: CacheWrites,
    private readonly backplane: Backplane,
    private readonly events: EventLog,
    private readonly ledger: Ledger,
    private readonly statistics: CacheStatistics,
  ) {}

  @Post('evictions')
  @HttpCode(202)
  @AllowRoles('admin')
  @RouteConfig({ audited: 'evict answers' })
  @ApiOperation({
    operationId: 'evictCache',
    summary: 'Evict answers by tag',
    description:
      'For repairs, through all instances: the API evicts by itself what its own writes make untrue, and notices most of what ' +
      'happens to the database. After `epoch`, clients of the live events are sent a `reset`.',
  })
  @ApiAcceptedResponse({
    type: EvictTagsDto,
    description: 'No later read, through any instance, is answered with what was stored under these tags.',
  })
  @ApiProblems(413, 415)
  async evict(@Body() { tags }: EvictTagsDto, @Req() request: FastifyRequest): Promise<EvictTagsDto> {
    request.auditedDetails = { tags };
    await this.writes.evict(tags);
    // Instances with another ledger, or without a way to this one, hear of it by the database.
    await this.backplane.relay(tags);
    if (tags.includes(EPOCH)) await this.events.addReset();
    return { tags };
  }

  @Get('stats')
  @AllowRoles('admin')
  @RouteConfig({ audited: 'look at statistics' })
  @ApiOperation({ operationId: 'getCacheStatistics', summary: 'See how this instance’s cache does' })
  @ApiOkResponse({ type: CacheStatisticsDto })
  stats(): CacheStatisticsDto {
    const { hits, misses, collapsed, bypasses } = this.statistics;
    const requests = hits + misses + collapsed + bypasses;
    return {
      available: this.ledger.available,
      hitRatio: requests === 0 ? 0 : hits / requests,
      ...this.statistics.snapshot(),
    };
  }
}
