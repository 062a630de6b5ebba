import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import { Public } from '../auth/access.js';
import { DEVELOPMENT_SUBJECTS, DevelopmentIssuer } from '../auth/development-issuer.js';
import { GuardBeforeBody } from '../auth/guard-before-body.decorator.js';
import { Configuration } from '../config/configuration.js';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';
import { DevelopmentSignInDto, DevelopmentTokenDto } from './development-sign-in.dto.js';
import { DevelopmentSignInGuard } from './development-sign-in.guard.js';
import { PageSettingsDto } from './page-settings.dto.js';

@ApiTags('page')
@Controller('page')
@Public()
export class PageController {
  constructor(private readonly configuration: Configuration) {}

  /** Without a rate limit: one client must not keep others behind the same proxy from signing in. */
  @Get('settings')
  @SkipThrottle()
  @ApiOperation({ operationId: 'getPageSettings', summary: 'How people sign in', security: [] })
  @ApiOkResponse({ type: PageSettingsDto })
  @ApiProblems(400)
  settings(): PageSettingsDto {
    const { auth } = this.configuration;
    if (!auth) return { signIn: { kind: 'development' } };
    if (auth.clientId === undefined) return { signIn: { kind: 'none' } };
    return { signIn: { kind: 'oidc', authority: auth.issuer, clientId: auth.clientId, scope: auth.scope } };
  }

  @Post('development-tokens')
  @HttpCode(200)
  @GuardBeforeBody(DevelopmentSignInGuard)
  @ApiOperation({
    operationId: 'issueDevelopmentToken',
    summary: 'Issue a token for development',
    description:
      'Only where the API issues its own tokens, which it never does in production; only at `localhost` or an IP address, ' +
      'not through proxies, nor to pages of origins that are not in `CORS_ORIGINS`; and, unless `DEVELOPMENT_SIGN_IN` is ' +
      '`open`, only on the machine that it runs on.',
    security: [],
  })
  @ApiOkResponse({ type: DevelopmentTokenDto })
  @ApiProblems(400, 413, 415, 429, {
    status: 403,
    code: 'DEVELOPMENT_SIGN_IN_REFUSED',
    description: 'Tokens come from an issuer, or this is another machine, a proxy or a page of another origin.',
  })
  async issueToken(@Body() { role, name }: DevelopmentSignInDto): Promise<DevelopmentTokenDto> {
    const issuer = await DevelopmentIssuer.open(this.configuration.dataDirectory);
    return { token: await issuer.issue(name ?? DEVELOPMENT_SUBJECTS[role], [role]) };
  }
}
