import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export const SIGN_IN_KINDS = ['development', 'oidc', 'none'] as const;

/** The way to sign in. */
export class SignInDto {
  @ApiProperty({
    enum: SIGN_IN_KINDS,
    description:
      '`oidc`: at an OpenID Connect issuer; `development`: with a token of `POST /page/development-tokens`; ' +
      '`none`: the page has no sign-in, because `AUTH_CLIENT_ID` is not set.',
  })
  kind!: (typeof SIGN_IN_KINDS)[number];

  @ApiPropertyOptional({
    type: String,
    format: 'uri',
    description: 'The issuer.',
    example: 'https://login.example.com',
  })
  authority?: string | undefined;

  @ApiPropertyOptional({ type: String, description: 'Client id of the page at the issuer.', example: 'mes-web' })
  clientId?: string | undefined;

  @ApiPropertyOptional({
    type: String,
    description: 'The scope to request from the issuer.',
    example: 'openid profile',
  })
  scope?: string | undefined;

  @ApiPropertyOptional({ type: String, description: 'The audience to request from the issuer.', example: 'mes' })
  audience?: string | undefined;
}

/** The settings that the page needs before the sign-in. */
export class PageSettingsDto {
  @ApiProperty({ type: SignInDto })
  signIn!: SignInDto;
}
