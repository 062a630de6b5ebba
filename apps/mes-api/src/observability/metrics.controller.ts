import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Public } from '../auth/access.js';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';

@ApiTags('operations')
@Controller('metrics')
@Public()
@SkipThrottle()
export class MetricsController {
  constructor(private readonly registry: Registry) {
    collectDefaultMetrics({ register: registry });
  }

  @Get()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @ApiOperation({ operationId: 'getMetrics', summary: 'Get the metrics for Prometheus', security: [] })
  @ApiOkResponse({
    description: 'Metrics in the text format of Prometheus.',
    content: { 'text/plain': { schema: { type: 'string' }, example: 'mes_cache_available 1\n' } },
  })
  @ApiProblems(400)
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}
