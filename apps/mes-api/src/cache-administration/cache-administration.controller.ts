import { Backplane, EPOCH, TaggedCache, VersionStore } from '@mes/cache';
import { Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../auth/access.js';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';
import { EventReset } from '../events-stream/event-reset.js';
import { CacheStatistics } from './cache-statistics.js';
import { CacheStatisticsDto } from './cache-statistics.dto.js';
import { EvictTagsDto } from './evict-tags.dto.js';

@ApiTags('cache')
@Controller('api/v1/cache')
export class CacheAdministrationController {
  constructor(
    private readonly cache: TaggedCache,
    private readonly versions: VersionStore,
    private readonly statistics: CacheStatistics,
    private readonly backplane: Backplane,
    private readonly reset: EventReset,
  ) {}

  @Post('evictions')
  @HttpCode(202)
  @AllowRoles('admin')
  @RouteConfig({ audited: 'evict answers' })
  @ApiOperation({
    operationId: 'evictCache',
    summary: 'Evict answers by tag',
    description: `For repairs, through all instances: the API evicts by itself what its own writes make untrue.
Clients of the live events are sent a \`reset\` when everything is evicted.`,
  })
  @ApiAcceptedResponse({
    type: EvictTagsDto,
    description: 'No later read is answered with what was stored under these tags.',
  })
  @ApiProblems(413, 415)
  async evict(@Body() { tags }: EvictTagsDto, @Req() request: FastifyRequest): Promise<EvictTagsDto> {
    request.auditedDetails = { tags };
    await this.cache.invalidate(tags);
    // For instances that do not use the same version store.
    await this.backplane.relay(tags);
    if (tags.includes(EPOCH)) await this.reset.announce();
    return { tags };
  }

  @Get('stats')
  @AllowRoles('admin')
  @RouteConfig({ audited: 'look at statistics' })
  @ApiOperation({ operationId: 'getCacheStatistics', summary: 'See how this instance’s cache does' })
  @ApiOkResponse({ type: CacheStatisticsDto })
  stats(): CacheStatisticsDto {
    const { hits, misses, collapsed, bypasses } = this.statistics.counts;
    const requests = hits + misses + collapsed + bypasses;
    return {
      available: this.versions.available,
      hitRatio: requests === 0 ? 0 : hits / requests,
      ...this.statistics.counts,
    };
  }
}
