import { ApiProperty } from '@nestjs/swagger';

/** Counts since this process started; each instance has its own. */
export class CacheStatisticsDto {
  @ApiProperty({ description: 'Whether stored answers are trusted at the moment.' })
  available!: boolean;

  @ApiProperty({ description: 'Share of the requests that were answered without asking the database, 0 to 1.' })
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

  @ApiProperty({ type: 'integer', description: 'Times that the versionStore was asked for versions.' })
  observations!: number;

  @ApiProperty({ type: 'integer' })
  evictedTags!: number;

  @ApiProperty({ type: 'integer', description: 'Tags evicted on behalf of writers that did not finish.' })
  sweptTags!: number;

  @ApiProperty({ type: 'integer', description: 'Answers stored by writers.' })
  writtenThrough!: number;

  @ApiProperty({ type: 'integer', description: 'Times that creations made the warm answers anew.' })
  refreshes!: number;

  @ApiProperty({ type: 'integer', description: 'Writes that the versionStore could not be told of in time.' })
  unannouncedWrites!: number;

  @ApiProperty({
    type: 'integer',
    description: 'Writes that the other instances were told of around the versionStore.',
  })
  relayedWrites!: number;
}
