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

  /** Has no rate limit, because clients behind one proxy share an address. */
  @Get('settings')
  @SkipThrottle()
  @ApiOperation({ operationId: 'getPageSettings', summary: 'Get the settings of the sign-in', security: [] })
  @ApiOkResponse({ type: PageSettingsDto })
  @ApiProblems(400)
  settings(): PageSettingsDto {
    const { auth } = this.configuration;
    if (!auth) return { signIn: { kind: 'development' } };
    if (auth.clientId === undefined) return { signIn: { kind: 'none' } };
    const { issuer: authority, clientId, scope, audience } = auth;
    return { signIn: { kind: 'oidc', authority, clientId, scope, audience } };
  }

  @Post('development-tokens')
  @HttpCode(200)
  @GuardBeforeBody(DevelopmentSignInGuard)
  @ApiOperation({
    operationId: 'issueDevelopmentToken',
    summary: 'Issue a token for development',
    description:
      'Available only where the API issues its own tokens, so never in production. The host must be `localhost` or an IP ' +
      'address. Requests through proxies, from origins that `CORS_ORIGINS` does not name and, unless `DEVELOPMENT_SIGN_IN` ' +
      'is `open`, from other machines are refused.',
    security: [],
  })
  @ApiOkResponse({ type: DevelopmentTokenDto })
  @ApiProblems(400, 413, 415, 429, {
    status: 403,
    code: 'DEVELOPMENT_SIGN_IN_REFUSED',
    description:
      'Tokens come from an issuer, or the request comes from another machine, through a proxy or from another origin.',
  })
  async issueToken(@Body() { role, name }: DevelopmentSignInDto): Promise<DevelopmentTokenDto> {
    const issuer = await DevelopmentIssuer.open(this.configuration.dataDirectory);
    return { token: await issuer.issue(name ?? DEVELOPMENT_SUBJECTS[role], [role]) };
  }
}
