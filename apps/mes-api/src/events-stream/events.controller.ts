import { once } from 'node:events';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowRoles } from '../auth/access.js';
import { callerOf } from '../auth/caller.js';
import { ApiProblems } from '../problem-details/api-problems.decorator.js';
import { BoundedElsewhere } from '../rate-limits/fair-shares.guard.js';
import type { ClientStream } from './client-stream.js';
import { EventStreams } from './event-streams.js';
import { OrderChangedEventDto, OrderCreatedEventDto, OrderStatusChangedEventDto } from './order-events.dto.js';

const EVENT_STREAM = 'text/event-stream';

const DESCRIPTION = `Server-Sent Events. The stream ends when the token expires or the instance stops. Reconnect with the id of the
last message as \`Last-Event-ID\`: then no event is missing and none is repeated.

| event | data | |
|---|---|---|
| \`hello\` | \`{"heartbeatInterval":10000}\` | first event |
| \`order.created\` | \`OrderCreatedEventDto\` | |
| \`order.status-changed\` | \`OrderStatusChangedEventDto\` | |
| \`order.changed\` | \`OrderChangedEventDto\` | priority, due date or assignee: \`PATCH /orders/{id}\` |
| \`reset\` | \`{}\` | anything may have changed: fetch all data again |

A comment is sent every \`heartbeatInterval\` milliseconds. A stream that is silent for two intervals is dead: reconnect.

Events are kept for an hour. A client that has missed more than 1000 of them gets a \`reset\`. Slow clients are disconnected.`;

const EXAMPLE = `retry: 1000
id: YmI3NmUwZjM1ZTFhMmZlYn44MTI6ODEyOg
event: hello
data: {"heartbeatInterval":10000}

id: YmI3NmUwZjM1ZTFhMmZlYn44MTM6ODEzOg
event: order.status-changed
data: {"id":"01935a3f-5a3e-7c44-9d7e-0f6a1f1b2c3d","number":7,"version":2,"from":"NEW","status":"MANUFACTURING_STARTED","assignee":"operator-1","by":"operator-1","at":"2026-11-23T09:30:00.000Z"}

`;

/** OpenAPI 3.1 cannot describe the messages of a stream. The schemas of their data are definitions of the text's schema. */
const MESSAGES = {
  type: 'string' as const,
  $defs: {
    'order.created': { $ref: getSchemaPath(OrderCreatedEventDto) },
    'order.status-changed': { $ref: getSchemaPath(OrderStatusChangedEventDto) },
    'order.changed': { $ref: getSchemaPath(OrderChangedEventDto) },
  },
};

@ApiTags('events')
@Controller('api/v1/events')
export class EventsController {
  constructor(private readonly streams: EventStreams) {}

  @Get()
  @BoundedElsewhere()
  @AllowRoles('operator', 'viewer', 'admin')
  @ApiOperation({
    operationId: 'followEvents',
    summary: 'Follow the live events of the orders',
    description: DESCRIPTION,
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The id of the last received message.' })
  @ApiExtraModels(OrderCreatedEventDto, OrderStatusChangedEventDto, OrderChangedEventDto)
  @ApiOkResponse({
    description: 'The messages of the stream.',
    content: { [EVENT_STREAM]: { schema: MESSAGES, example: EXAMPLE } },
  })
  @ApiProblems({
    status: 429,
    code: 'TOO_MANY_STREAMS',
    description: 'You have too many streams at this instance: close one first.',
  })
  async follow(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const stream = request.method === 'HEAD' ? '' : await this.begin(request, reply);
    void reply
      .headers({
        'content-type': `${EVENT_STREAM}; charset=utf-8`,
        'cache-control': 'no-store',
        // A reconnect may reach another instance.
        connection: 'close',
        // Without this, nginx buffers events up to a few kilobytes.
        'x-accel-buffering': 'no',
      })
      .send(stream);
  }

  private async begin(request: FastifyRequest, { raw }: FastifyReply): Promise<ClientStream> {
    const { 'last-event-id': lastEventId } = request.headers;
    const stream = await this.streams.begin(
      callerOf(request),
      typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : undefined,
      {
        unsentBytes: () => raw.writableLength,
        drained: async () => {
          if (raw.writableNeedDrain) await Promise.race([once(raw, 'drain'), once(raw, 'close')]);
        },
        disconnect: () => raw.destroy(),
      },
    );
    // An idle stream must not time out.
    raw.setTimeout(0);
    return stream;
  }
}
