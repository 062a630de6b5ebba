import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { SkipThrottle } from '@nestjs/throttler';
import { Public } from '../auth/access.js';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';
import { Problem } from '../problem-details/problem.js';
import { Drain } from '../shutdown/drain.js';
import { CacheHealthIndicator } from './cache.health-indicator.js';
import { DatabaseHealthIndicator } from './database.health-indicator.js';
import { HealthDto } from './health.dto.js';
import { IssuerHealthIndicator } from './issuer.health-indicator.js';

@ApiTags('operations')
@Controller('health')
@Public()
@SkipThrottle()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: DatabaseHealthIndicator,
    private readonly cache: CacheHealthIndicator,
    private readonly issuer: IssuerHealthIndicator,
    private readonly drain: Drain,
  ) {}

  @Get('live')
  @ApiOperation({ operationId: 'isLive', summary: 'Check that the process runs', security: [] })
  @ApiOkResponse({ type: HealthDto })
  @ApiProblems(400)
  @HealthCheck({ swaggerDocumentation: false })
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  @Get('ready')
  @ApiOperation({
    operationId: 'isReady',
    summary: 'Check that requests can be served',
    description:
      'Requires the database. Requests are served without the cache as well, and an issuer whose keys cannot be used is the same for all instances, so their state is only reported.',
    security: [],
  })
  @ApiOkResponse({ type: HealthDto })
  @ApiProblems(400, {
    status: 503,
    code: 'NOT_READY',
    description: 'The database is not available, or this instance is stopping.',
  })
  @HealthCheck({ swaggerDocumentation: false })
  async ready(): Promise<HealthCheckResult> {
    if (this.drain.hasBegun) throw notReady('This instance is stopping.');
    try {
      return await this.health.check([
        () => this.database.check('database'),
        () => this.cache.check('cache'),
        () => this.issuer.check('issuer'),
      ]);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      const { problem } = this.database;
      throw notReady(`The database is not available${problem === undefined ? '' : `: ${problem}`}.`, error);
    }
  }
}

function notReady(detail: string, cause?: unknown): Problem {
  return new Problem({ status: 503, code: 'NOT_READY', detail, headers: { 'retry-after': '1' }, cause });
}
