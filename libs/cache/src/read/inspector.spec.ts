import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { eventually } from '../../../../test/support/eventually.js';
import { cacheParts, type CachePartsOptions } from '../../../../test/support/cache-parts.js';
import type { InspectionResult } from '../cache.events.js';
import type { Backplane } from '../versions/backplane.js';

const PENDING_WRITE_LIFETIME = 50;
const SWEEP_INTERVAL = 10;
const LIST = { key: 'what somebody typed', tags: ['orders'] };

describe('Inspector', () => {
  let value: unknown;
  let loads: number;
  let duringLoad: () => Promise<unknown>;
  let logged: string[];
  let parts: ReturnType<typeof cacheParts>;

  beforeEach(() => {
    value = 'old';
    loads = 0;
    duringLoad = () => Promise.resolve();
    logged = [];
    const nowhere = (): void => undefined;
    Logger.overrideLogger({
      ...{ log: nowhere, warn: nowhere, debug: nowhere },
      error: (message: string) => logged.push(message),
    });
  });

  afterEach(() => {
    parts.inspector.onApplicationShutdown();
    Logger.overrideLogger(false);
  });

  function start({ options, ...others }: CachePartsOptions = {}): void {
    const own = { inspectionInterval: 1, pendingWriteLifetime: PENDING_WRITE_LIFETIME, sweepInterval: SWEEP_INTERVAL };
    parts = cacheParts({ ...others, options: { ...own, ...options } });
    parts.inspector.onApplicationBootstrap();
  }

  async function read(keyAndTags = LIST): Promise<unknown> {
    return parts.cache.getOrLoad(keyAndTags, async () => {
      loads += 1;
      const read = value;
      await duringLoad();
      return read;
    });
  }

  /** Reads what is cached, at a time when the next hit is inspected. */
  async function hit(keyAndTags = LIST): Promise<unknown> {
    await eventually(() => parts.inspector.isDue);
    return read(keyAndTags);
  }

  async function ended(result: InspectionResult): Promise<void> {
    await eventually(() => parts.events({ type: 'inspection', result }) === 1);
  }

  it('compares a hit with the source, without a word if they match', async () => {
    start();
    await read();
    await hit();
    await ended('match');
    expect(loads).toBe(2);
    expect(logged).toEqual([]);
  });

  it.each([
    ['reports a hit on what the source has no more', new RangeError('no such order'), 'mismatch', 1],
    ['reports nothing when the source cannot be asked', new Error('no connection'), 'failed', 0],
  ] as const)('%s', async (_, error, result, reports) => {
    start({ options: { isAnswer: (one) => one instanceof RangeError } });
    await read();
    duringLoad = () => Promise.reject(error);
    await hit();
    await ended(result);
    expect(logged).toHaveLength(reports);
  });

  it('looks at nothing if it is switched off', async () => {
    start({ options: { inspectionInterval: 0 } });
    await read();
    await delay(10);
    await read();
    expect(parts.inspector.isDue).toBe(false);
    expect(loads).toBe(1);
  });

  it('inspects one hit at a time', async () => {
    start();
    await read();
    let open = (): void => undefined;
    duringLoad = () => new Promise<void>((resolve) => (open = resolve));
    await hit();
    for (let i = 0; i < 10; i += 1) await read();
    await eventually(() => loads === 2);
    open();
    await ended('match');
    expect(loads).toBe(2);
  });

  it('reports a response that is older than the source, and not the key, which may be private', async () => {
    start();
    await read();
    value = 'changed past the cache';
    const began = performance.now();
    expect(await hit()).toBe('old');
    await ended('mismatch');
    expect(performance.now() - began).toBeGreaterThan(PENDING_WRITE_LIFETIME - 5);
    expect(loads).toBe(3);
    const [line] = logged;
    expect(line).toMatch(
      /^A cached response differs from the source: key \S+, tags orders, versions \S+, \S+, cached \S+, source \S+, \d+ s old$/,
    );
    expect(line).not.toContain('typed');
    // The next hit is inspected again.
    await hit();
    await eventually(() => parts.events({ type: 'inspection', result: 'mismatch' }) === 2);
  });

  it('says nothing of a response that was written meanwhile', async () => {
    start();
    await read();
    value = 'new';
    duringLoad = () => parts.cache.invalidate(LIST.tags);
    await hit();
    await ended('superseded');
    expect(logged).toEqual([]);
  });

  it('says nothing of a write that is under way and ends in time', async () => {
    start();
    await read();
    value = 'committed and not yet invalidated';
    duringLoad = () => {
      duringLoad = () => Promise.resolve();
      setTimeout(() => void parts.versions.invalidate(LIST.tags), PENDING_WRITE_LIFETIME / 2);
      return Promise.resolve();
    };
    await hit();
    await ended('superseded');
    expect(logged).toEqual([]);
  });

  it('says nothing while this process is cut off', async () => {
    const backplane = { mayAnswer: true };
    start({ backplane: backplane as Backplane });
    await read();
    value = 'written elsewhere';
    duringLoad = () => {
      backplane.mayAnswer = false;
      return Promise.resolve();
    };
    await hit();
    await ended('superseded');
  });

  it('goes on after a failure of the source', async () => {
    start();
    await read();
    duringLoad = () => {
      duringLoad = () => Promise.resolve();
      return Promise.reject(new Error('the source is away'));
    };
    await hit();
    await ended('failed');
    await hit();
    await ended('match');
  });

  it('compares only what writes change, if it is told what that is', async () => {
    start();
    const comparable = ({ count }: { count: number }): unknown => count;
    const counted = { ...LIST, comparable };
    value = { count: 1, asOf: 'then' };
    await read(counted);
    value = { count: 1, asOf: 'now' };
    await hit(counted);
    await ended('match');
    value = { count: 2, asOf: 'now' };
    await hit(counted);
    await ended('mismatch');
  });
});
