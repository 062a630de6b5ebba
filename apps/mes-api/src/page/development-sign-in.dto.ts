import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { ROLE } from '../auth/caller.dto.js';
import { ROLES, type Role } from '../auth/caller.js';
import { Optional } from '../validation/cardinality.decorators.js';

const SUBJECT = /^[\x21-\x7e]{1,100}$/;

/** The role and the name that a developer signs in with. */
export class DevelopmentSignInDto {
  @IsIn(ROLES)
  @ApiProperty({ ...ROLE, example: 'operator' })
  role!: Role;

  @Optional()
  @Matches(SUBJECT, { message: 'name must consist of visible ASCII characters without spaces' })
  @ApiPropertyOptional({
    type: String,
    pattern: SUBJECT.source,
    description: 'The subject of the token; by default, the one of the role.',
    example: 'anna',
  })
  name?: string;
}

export class DevelopmentTokenDto {
  @ApiProperty({ description: 'Valid for 12 hours.' })
  token!: string;
}
