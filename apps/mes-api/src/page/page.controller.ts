import { Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../auth/access.decorators.js';
import { DevelopmentIssuer } from '../auth/development-issuer.js';
import { Configuration } from '../config/configuration.js';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';
import { Problem } from '../problem-details/problem.js';
import { DEVELOPMENT_SUBJECTS } from '../welcome.js';
import { DevelopmentSignInDto, DevelopmentTokenDto } from './development-sign-in.dto.js';
import { isFromThisMachine } from './is-from-this-machine.js';
import { PageSettingsDto } from './page-settings.dto.js';

@ApiTags('page')
@Controller('page')
@Public()
export class PageController {
  constructor(private readonly configuration: Configuration) {}

  @Get('settings')
  @ApiOperation({ operationId: 'getPageSettings', summary: 'How people sign in', security: [] })
  @ApiOkResponse({ type: PageSettingsDto })
  @ApiProblems(400, 429)
  settings(): PageSettingsDto {
    const { auth } = this.configuration;
    if (!auth) return { signIn: { kind: 'development' } };
    if (auth.clientId === undefined) return { signIn: { kind: 'none' } };
    return { signIn: { kind: 'oidc', authority: auth.issuer, clientId: auth.clientId, scope: auth.scope } };
  }

  @Post('development-tokens')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'issueDevelopmentToken',
    summary: 'Issue a token for development',
    description:
      'Only where the API issues its own tokens, which it never does in production; and, unless `DEVELOPMENT_SIGN_IN` is ' +
      '`open`, only on the machine that it runs on.',
    security: [],
  })
  @ApiOkResponse({ type: DevelopmentTokenDto })
  @ApiProblems(400, 413, 415, 429, {
    status: 403,
    code: 'DEVELOPMENT_SIGN_IN_REFUSED',
    description: 'Tokens come from an issuer, or this is another machine.',
  })
  async issueToken(
    @Body() { role, name }: DevelopmentSignInDto,
    @Req() request: FastifyRequest,
  ): Promise<DevelopmentTokenDto> {
    const { auth, developmentSignIn, dataDirectory } = this.configuration;
    if (auth) throw refused('Tokens come from the issuer.');
    if (developmentSignIn === 'local' && !isFromThisMachine(request)) {
      throw refused('Tokens for development are issued on this machine only.');
    }
    const issuer = await DevelopmentIssuer.open(dataDirectory);
    return { token: await issuer.issue(name ?? DEVELOPMENT_SUBJECTS[role], [role]) };
  }
}

function refused(detail: string): Problem {
  return new Problem({ status: 403, code: 'DEVELOPMENT_SIGN_IN_REFUSED', detail });
}
