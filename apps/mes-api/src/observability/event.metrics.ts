import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { EventStreams } from '../events-stream/event-streams.js';

/** The number of open event streams, read at each scrape. */
@Injectable()
export class EventMetrics {
  constructor(registry: Registry, streams: EventStreams) {
    new Gauge({
      name: 'mes_event_streams',
      help: 'Open streams of live events',
      registers: [registry],
      collect() {
        this.set(streams.count);
      },
    });
  }
}
