import { CacheStatistics, CacheWrites, Ledger } from '@mes/cache';
import { Body, Controller, Get, HttpCode, Logger, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRoles } from '../auth/access.decorators.js';
import { CurrentCaller } from '../auth/caller-of.js';
import type { Caller } from '../auth/caller.js';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';
import { CacheStatisticsDto } from './cache-statistics.dto.js';
import { EvictTagsDto } from './evict-tags.dto.js';

@ApiTags('cache')
@Controller('api/v1/cache')
export class CacheAdministrationController {
  private readonly logger = new Logger(CacheAdministrationController.name);

  constructor(
    private readonly writes: CacheWrites,
    private readonly ledger: Ledger,
    private readonly statistics: CacheStatistics,
  ) {}

  @Post('evictions')
  @HttpCode(202)
  @AllowRoles('admin')
  @ApiOperation({
    operationId: 'evictCache',
    summary: 'Evict answers by tag',
    description: 'For repairs: the API evicts by itself what its own writes make untrue.',
  })
  @ApiAcceptedResponse({
    type: EvictTagsDto,
    description: 'No later read is answered with what was stored under these tags.',
  })
  @ApiProblems(413, 415)
  async evict(@Body() { tags }: EvictTagsDto, @CurrentCaller() caller: Caller): Promise<EvictTagsDto> {
    await this.writes.evict(tags);
    this.logger.log(`${caller.subject} evicted ${tags.join(', ')}`);
    return { tags };
  }

  @Get('stats')
  @AllowRoles('admin')
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
