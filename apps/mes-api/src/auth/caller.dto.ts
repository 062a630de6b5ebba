import { ApiProperty } from '@nestjs/swagger';
import { namedEnum } from '../openapi/named-enums.js';
import { ROLES, type Role } from './caller.js';

export const ROLE = namedEnum('Role', ROLES);

/** A caller, as its token says. */
export class CallerDto {
  @ApiProperty({ description: 'The claim `sub` of the token.', example: 'operator-1' })
  subject!: string;

  @ApiProperty({ ...ROLE, isArray: true, example: ['operator'] })
  roles!: readonly Role[];
}
