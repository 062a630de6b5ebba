import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { EventStreams } from '../events-stream/event-streams.js';

/** How many follow the orders live, counted when that is scraped. */
@Injectable()
export class EventMetrics {
  constructor(registry: Registry, streams: EventStreams) {
    new Gauge({
      name: 'mes_event_streams',
      help: 'Streams of live events that are open',
      registers: [registry],
      collect() {
        this.set(streams.count);
      },
    });
  }
}
