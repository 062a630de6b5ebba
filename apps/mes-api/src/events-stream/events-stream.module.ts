import { Module } from '@nestjs/common';
import { ShutdownModule } from '../shutdown/shutdown.module.js';
import { EventFeed } from './event-feed.js';
import { EventLog } from './event-log.js';
import { EventNotifier } from './event-notifier.js';
import { EventPruning } from './event-pruning.js';
import { EventReset } from './event-reset.js';
import { EventStreams } from './event-streams.js';
import { EventWakeUps } from './event-wake-ups.js';
import { EventsController } from './events.controller.js';
import { EVENTS_STREAM_DEFAULTS, EVENTS_STREAM_OPTIONS } from './events-stream.options.js';
import { InvalidationBarrier } from './invalidation-barrier.js';
import { Resumption } from './resumption.js';
import { StreamAdmission } from './stream-admission.js';

/** Live events of the orders for clients. */
@Module({
  imports: [ShutdownModule],
  controllers: [EventsController],
  providers: [
    { provide: EVENTS_STREAM_OPTIONS, useFactory: () => ({ ...EVENTS_STREAM_DEFAULTS }) },
    EventLog,
    EventFeed,
    EventNotifier,
    EventReset,
    EventWakeUps,
    EventPruning,
    InvalidationBarrier,
    Resumption,
    StreamAdmission,
    EventStreams,
  ],
  exports: [EventReset, EventStreams],
})
export class EventsStreamModule {}
