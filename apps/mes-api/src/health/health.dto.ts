import { ApiProperty } from '@nestjs/swagger';

const INDICATORS = {
  type: 'object' as const,
  additionalProperties: {
    type: 'object',
    properties: { status: { type: 'string', enum: ['up', 'down'] } },
    required: ['status'],
    additionalProperties: true,
  },
};

const UP = { database: { status: 'up' }, cache: { status: 'up', trusted: true } };

/** What Terminus answers with while all is well. */
export class HealthDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';

  @ApiProperty({ ...INDICATORS, description: 'What is up.', example: UP })
  info!: Record<string, object>;

  @ApiProperty({ ...INDICATORS, description: 'What is not; empty in this answer.', example: {} })
  error!: Record<string, object>;

  @ApiProperty({ ...INDICATORS, description: 'Everything that was looked at.', example: UP })
  details!: Record<string, object>;
}
