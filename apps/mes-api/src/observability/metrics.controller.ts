import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import { Registry } from 'prom-client';
import { Public } from '../auth/access.js';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';
import { MetricsOfAllWorkers } from '../workers/metrics-of-all-workers.js';
import { MetricsAccessGuard } from './metrics-access.guard.js';

@ApiTags('operations')
@Controller('metrics')
@Public()
@SkipThrottle()
export class MetricsController {
  constructor(private readonly all: MetricsOfAllWorkers) {}

  @Get()
  @UseGuards(MetricsAccessGuard)
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @ApiOperation({
    operationId: 'getMetrics',
    summary: 'Get the metrics for Prometheus',
    description: 'With `METRICS_TOKEN`, requires this token. Without it, answers the same machine only.',
    security: [],
  })
  @ApiOkResponse({
    description: 'Metrics in the text format of Prometheus.',
    content: { 'text/plain': { schema: { type: 'string' }, example: 'mes_cache_available 1\n' } },
  })
  @ApiProblems(
    400,
    { status: 401, code: 'METRICS_TOKEN_INVALID', description: 'The token is not that of `METRICS_TOKEN`.' },
    {
      status: 403,
      code: 'METRICS_LOCAL_ONLY',
      description: 'There is no token, and the request is not from the same machine.',
    },
  )
  metrics(): Promise<string> {
    return this.all.text();
  }
}
