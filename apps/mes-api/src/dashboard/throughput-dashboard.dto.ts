import { ApiProperty } from '@nestjs/swagger';

export class HourlyThroughputDto {
  @ApiProperty({ type: String, format: 'date-time', description: 'Start of the hour, UTC.' })
  hour!: string;

  @ApiProperty({ type: 'integer', description: 'Orders created in this hour, except those deleted since.' })
  created!: number;

  @ApiProperty({ type: 'integer', description: 'Orders that were taken into work for the first time.' })
  started!: number;

  @ApiProperty({
    type: 'integer',
    description: 'Orders that were completed for the first time: rework does not count.',
  })
  completed!: number;

  @ApiProperty({ type: 'integer' })
  shipped!: number;
}

const SECONDS = {
  oneOf: [{ type: 'integer' as const, minimum: 0 }, { type: 'null' as const }],
  description: 'In seconds, estimated within 10 percent; null if there are no orders.',
};

export class DurationDto {
  @ApiProperty({ type: 'integer', description: 'Orders whose duration is known.' })
  count!: number;

  @ApiProperty(SECONDS)
  median!: number | null;

  @ApiProperty({ ...SECONDS, description: `90th percentile. ${SECONDS.description}` })
  p90!: number | null;
}

export class DurationsDto {
  @ApiProperty({ type: DurationDto, description: 'The last 24 of the hours.' })
  lastDay!: DurationDto;

  @ApiProperty({ type: DurationDto, description: 'The last 168 of the hours.' })
  lastWeek!: DurationDto;
}

/** What was done in the last eight days, hour by hour, and how long it took. */
export class ThroughputDashboardDto {
  @ApiProperty({
    type: HourlyThroughputDto,
    isArray: true,
    description: 'The last 192 hours, oldest first; the last one is the current hour.',
  })
  hours!: HourlyThroughputDto[];

  @ApiProperty({ type: DurationsDto, description: 'From the creation to the first start, of the orders started then.' })
  timeToStart!: DurationsDto;

  @ApiProperty({
    type: DurationsDto,
    description: 'From the first start to the first completion, pauses included, of the orders completed then.',
  })
  timeToComplete!: DurationsDto;

  @ApiProperty({
    type: String,
    format: 'date-time',
    description: 'Time at which the numbers were read from the database.',
  })
  asOf!: string;
}
