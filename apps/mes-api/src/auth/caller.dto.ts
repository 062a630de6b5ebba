import { ApiProperty } from '@nestjs/swagger';
import { ROLES, type Role } from './caller.js';

/** A caller, as its token says. */
export class CallerDto {
  @ApiProperty({ description: 'The claim `sub` of the token.', example: 'operator-1' })
  subject!: string;

  @ApiProperty({ enum: ROLES, isArray: true, example: ['operator'] })
  roles!: readonly Role[];
}
