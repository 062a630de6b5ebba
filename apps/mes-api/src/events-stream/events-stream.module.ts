import { Module } from '@nestjs/common';
import { ShutdownModule } from '../shutdown/shutdown.module.js';
import { EventFeed } from './event-feed.js';
import { EventLog } from './event-log.js';
import { EventNotifier } from './event-notifier.js';
import { EventPruning } from './event-pruning.js';
import { EventStreams } from './event-streams.js';
import { EventWakeUps } from './event-wake-ups.js';
import { EventsController } from './events.controller.js';
import { EVENTS_STREAM_DEFAULTS, EVENTS_STREAM_OPTIONS } from './events-stream.options.js';
import { EvictionBarrier } from './eviction-barrier.js';
import { Resumption } from './resumption.js';
import { StreamAdmission } from './stream-admission.js';

/** Tells clients live what happens to the orders. */
@Module({
  imports: [ShutdownModule],
  controllers: [EventsController],
  providers: [
    { provide: EVENTS_STREAM_OPTIONS, useFactory: () => ({ ...EVENTS_STREAM_DEFAULTS }) },
    EventLog,
    EventFeed,
    EventNotifier,
    EventWakeUps,
    EventPruning,
    EvictionBarrier,
    Resumption,
    StreamAdmission,
    EventStreams,
  ],
  exports: [EventLog, EventStreams],
})
export class EventsStreamModule {}
