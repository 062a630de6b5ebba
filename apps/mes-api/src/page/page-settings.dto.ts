import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export const SIGN_IN_KINDS = ['development', 'oidc', 'none'] as const;

/** How people sign in. */
export class SignInDto {
  @ApiProperty({
    enum: SIGN_IN_KINDS,
    description:
      '`oidc`: at an OpenID Connect issuer; `development`: with a token of `POST /page/development-tokens`; ' +
      '`none`: not by the page, because `AUTH_CLIENT_ID` is not set.',
  })
  kind!: (typeof SIGN_IN_KINDS)[number];

  @ApiPropertyOptional({
    type: String,
    format: 'uri',
    description: 'The issuer.',
    example: 'https://login.example.com',
  })
  authority?: string | undefined;

  @ApiPropertyOptional({ type: String, description: 'Of the page, at the issuer.', example: 'mes-web' })
  clientId?: string | undefined;

  @ApiPropertyOptional({ type: String, description: 'What to ask the issuer for.', example: 'openid profile' })
  scope?: string | undefined;
}

/** What the page has to know before anybody has signed in. */
export class PageSettingsDto {
  @ApiProperty({ type: SignInDto })
  signIn!: SignInDto;
}
