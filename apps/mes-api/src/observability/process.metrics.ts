import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE_OPTIONS, type CacheOptions } from '@mes/cache';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { projectFolder } from '../config/project-folder.js';
import { EventStreams } from '../events-stream/event-streams.js';
import { counterReadAtScrape, gaugeReadAtScrape } from './read-at-scrape.js';

/** Default metrics of prom-client whose names are those of counters, though they are none. Others tell the same by type. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** How often the process looks whether its event loop has stood still, in milliseconds. */
const LOOK = 250;

/** A delay of the event loop that is longer than this is a standstill, in milliseconds. */
const STANDSTILL = 500;

/** The process itself: its build, memory, event loop and open streams. */
@Injectable()
export class ProcessMetrics implements OnModuleDestroy {
  /** In milliseconds. */
  private stoodStill = 0;
  private lastLook = performance.now();
  private readonly timer = setInterval(() => {
    this.look();
  }, LOOK).unref();

  constructor(
    registry: Registry,
    streams: EventStreams,
    @Inject(CACHE_OPTIONS) { shape }: Pick<CacheOptions, 'shape'>,
  ) {
    collectDefaultMetrics({ register: registry });
    for (const name of MISNAMED) registry.removeSingleMetric(name);
    const version = readVersion();
    gaugeReadAtScrape(
      registry,
      {
        name: 'mes_build_info',
        help: 'The version, and a digest of the code that makes responses; always 1',
        labelNames: ['version', 'build'],
      },
      () => [{ labels: { version, build: shape }, value: 1 }],
    );
    gaugeReadAtScrape(
      registry,
      { name: 'mes_event_streams', help: 'Open streams of live events' },
      () => streams.count,
    );
    // A counter, since what a gauge shows is lost with a scrape that came too late: during a standstill, all do.
    counterReadAtScrape(
      registry,
      {
        name: 'mes_standstill_seconds_total',
        help: 'Time for which the event loop stood still, in stretches of more than half a second',
      },
      () => this.stoodStill / 1_000,
    );
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = performance.now();
    const delay = now - this.lastLook - LOOK;
    if (delay > STANDSTILL) this.stoodStill += delay;
    this.lastLook = now;
  }
}

/** The version of the project. */
function readVersion(): string {
  const file = join(projectFolder(), 'package.json');
  if (!existsSync(file)) return 'unknown';
  return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version ?? 'unknown';
}
