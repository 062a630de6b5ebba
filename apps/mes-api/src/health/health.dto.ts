import { ApiProperty } from '@nestjs/swagger';
import { namedEnum } from '../openapi/named-enums.js';

const CHECK_STATUS = namedEnum('CheckStatus', ['up', 'degraded', 'down']);

const INDICATORS = {
  type: 'object' as const,
  additionalProperties: {
    type: 'object',
    properties: { status: { type: 'string', ...CHECK_STATUS } },
    required: ['status'],
    additionalProperties: true,
  },
};

const UP = { database: { status: 'up' }, cache: { status: 'up', trusted: true }, issuer: { status: 'up' } };

/** The answer of Terminus while all checks pass. */
export class HealthDto {
  @ApiProperty({ enum: ['ok', 'degraded'], description: 'Requests are served in both cases.' })
  status!: 'ok' | 'degraded';

  @ApiProperty({ ...INDICATORS, description: 'The passed checks.', example: UP })
  info!: Record<string, object>;

  @ApiProperty({ ...INDICATORS, description: 'The failed checks; empty in this answer.', example: {} })
  error!: Record<string, object>;

  @ApiProperty({ ...INDICATORS, description: 'All checks.', example: UP })
  details!: Record<string, object>;
}
