import { ApiProperty } from '@nestjs/swagger';

/** What the cache of this instance did in a minute. */
export class CacheMinuteDto {
  @ApiProperty({ type: String, format: 'date-time', description: 'Start of the minute.' })
  minute!: string;

  @ApiProperty({ type: 'integer', description: 'Requests for cached responses, however they were answered.' })
  requests!: number;

  @ApiProperty({ type: 'integer', description: 'Requests that were answered without asking the database for them.' })
  spared!: number;

  @ApiProperty({ type: 'integer', description: 'Times that the database was asked, refreshes after writes included.' })
  loads!: number;
}

/** Counts since this process started; each instance has its own. */
export class CacheStatisticsDto {
  @ApiProperty({ description: 'Whether cached responses are trusted at the moment.' })
  available!: boolean;

  @ApiProperty({ description: 'Fraction of the requests that were hits, 0 to 1.' })
  hitRatio!: number;

  @ApiProperty({ type: 'integer' })
  hits!: number;

  @ApiProperty({ type: 'integer', description: 'Hits that were answered out of this process.' })
  nearHits!: number;

  @ApiProperty({ type: 'integer' })
  misses!: number;

  @ApiProperty({ type: 'integer', description: 'Requests that shared the load of another one.' })
  collapsed!: number;

  @ApiProperty({ type: 'integer', description: 'Requests that were served around the cache.' })
  bypasses!: number;

  @ApiProperty({ type: 'integer', description: 'Times that the database was asked.' })
  loads!: number;

  @ApiProperty({ type: 'integer' })
  stores!: number;

  @ApiProperty({ type: 'integer' })
  storeFailures!: number;

  @ApiProperty({ type: 'integer', description: 'Times that the version store was asked for versions.' })
  observations!: number;

  @ApiProperty({ type: 'integer' })
  evictedTags!: number;

  @ApiProperty({
    type: 'integer',
    description: 'Tags invalidated for writers that did not complete their writes in time.',
  })
  sweptTags!: number;

  @ApiProperty({ type: 'integer', description: 'Responses stored by writes, before anybody asked for them.' })
  writtenThrough!: number;

  @ApiProperty({ type: 'integer', description: 'Times that writes refreshed the responses that everybody asks for.' })
  refreshes!: number;

  @ApiProperty({ type: 'integer', description: 'Writes that the version store could not be told of in time.' })
  unannouncedWrites!: number;

  @ApiProperty({
    type: 'integer',
    description: 'Writes that the other instances were told of past the version store.',
  })
  relayedWrites!: number;

  @ApiProperty({
    type: CacheMinuteDto,
    isArray: true,
    description:
      'The last hour of this instance, minute by minute, oldest first; the last one is the current minute. Only the minutes since ' +
      'the process started.',
  })
  lastHour!: CacheMinuteDto[];
}
