import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRoles } from './access.js';
import { CurrentCaller, ROLES, type Caller } from './caller.js';
import { CallerDto } from './caller.dto.js';

@ApiTags('access')
@Controller('api/v1/me')
export class CallerController {
  @Get()
  @AllowRoles(...ROLES)
  @ApiOperation({
    operationId: 'getCaller',
    summary: 'Get the caller',
    description:
      'Who the caller is to this API, whatever the issuer calls its roles. A caller without a role gets 403.',
  })
  @ApiOkResponse({ type: CallerDto })
  find(@CurrentCaller() { subject, roles }: Caller): CallerDto {
    return { subject, roles };
  }
}
