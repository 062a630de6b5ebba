import { Backplane, EPOCH, TaggedCache, VersionStore } from '@mes/cache';
import { Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../auth/access.js';
import { ApiProblems, OUTCOME_UNKNOWN } from '../problem-details/api-problems.decorator.js';
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
  @RouteConfig({ audited: 'invalidate cached responses' })
  @ApiOperation({
    operationId: 'evictCache',
    summary: 'Invalidate cached responses by tag',
    description: `For repairs, at all instances. The API itself invalidates what its writes change. The tag \`epoch\`
invalidates everything and sends a \`reset\` to the clients of the live events.`,
  })
  @ApiAcceptedResponse({
    type: EvictTagsDto,
    description: 'No later read returns what was stored under these tags before.',
  })
  @ApiProblems(OUTCOME_UNKNOWN, 413, 415)
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
  @RouteConfig({ audited: 'read cache statistics' })
  @ApiOperation({ operationId: 'getCacheStatistics', summary: 'Get the statistics of this instance’s cache' })
  @ApiOkResponse({ type: CacheStatisticsDto })
  stats(): CacheStatisticsDto {
    const { counts, hits, bypasses, requests } = this.statistics;
    return {
      available: this.versions.available,
      hitRatio: requests === 0 ? 0 : hits / requests,
      hits,
      nearHits: counts.hits.l1,
      misses: counts.misses,
      collapsed: counts.collapsed,
      bypasses,
      loads: counts.loads,
      stores: counts.stores.load + counts.stores.write,
      storeFailures: counts.storeFailures,
      observations: counts.snapshots,
      evictedTags: counts.invalidatedTags.write + counts.invalidatedTags.request,
      sweptTags: counts.invalidatedTags['expired-write'],
      writtenThrough: counts.stores.write,
      refreshes: counts.refreshes,
      unannouncedWrites: counts.unannouncedWrites,
      relayedWrites: counts.relayedWrites.done + counts.relayedWrites.failed,
      lastHour: this.statistics
        .lastHour()
        .map(({ minute, ...counts }) => ({ minute: minute.toISOString(), ...counts })),
    };
  }
}
