import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { ROLES, type Role } from '../auth/caller.js';
import { Optional } from '../validation/cardinality.decorators.js';

const SUBJECT = /^[\x21-\x7e]{1,100}$/;

/** Whom a developer wants to be. */
export class DevelopmentSignInDto {
  @IsIn(ROLES)
  @ApiProperty({ enum: ROLES, example: 'operator' })
  role!: Role;

  @Optional()
  @Matches(SUBJECT, { message: 'name must be of Latin letters, digits and signs, without spaces' })
  @ApiPropertyOptional({
    type: String,
    pattern: SUBJECT.source,
    description: 'The subject of the token; without it, a usual one.',
    example: 'anna',
  })
  name?: string;
}

export class DevelopmentTokenDto {
  @ApiProperty({ description: 'Good for 12 hours.' })
  token!: string;
}
