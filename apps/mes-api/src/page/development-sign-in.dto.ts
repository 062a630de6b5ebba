import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { ROLES, type Role } from '../auth/role.js';
import { IsText, textSchema } from '../validation/text.decorator.js';
import { Optional } from '../validation/optional.decorator.js';

/** Whom a developer wants to be. */
export class DevelopmentSignInDto {
  @IsIn(ROLES)
  @ApiProperty({ enum: ROLES, example: 'operator' })
  role!: Role;

  @Optional()
  @IsText(100)
  @ApiPropertyOptional({ ...textSchema(100), description: 'The subject of the token; without it, a usual one.' })
  name?: string;
}

export class DevelopmentTokenDto {
  @ApiProperty({ description: 'Good for 12 hours.' })
  token!: string;
}
