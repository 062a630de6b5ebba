import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CACHE_ASIDE_DEFAULTS, CacheAsideModule, CacheWrites, EPOCH, Ledger } from '@mes/cache';
import type { INestApplicationContext, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CommandError } from '../command-error.js';

const QUIETLY: Pick<NestApplicationOptions, 'logger' | 'abortOnError'> = { logger: false, abortOnError: false };
const PATIENCE = 10_000;
const PAUSE = 100;

/**
 * Keeps the shared cache true: every transaction is announced before and makes everything that is stored invalid
 * afterwards. Should the command be killed in between, the instances that run do the latter.
 */
export class CacheEviction {
  private constructor(
    private readonly context: INestApplicationContext,
    private readonly ledger: Ledger,
    private readonly writes: CacheWrites,
  ) {}

  /** @throws {CommandError} if Redis cannot be reached: then the instances would go on with what they have stored */
  static async open(redisUrl: string): Promise<CacheEviction> {
    const module = CacheAsideModule.forRootAsync({ useFactory: () => ({ ...CACHE_ASIDE_DEFAULTS, redisUrl }) });
    const context = await NestFactory.createApplicationContext(module, QUIETLY);
    const eviction = new CacheEviction(context, context.get(Ledger), context.get(CacheWrites));
    if (await eviction.ready()) return eviction;
    await eviction.close();
    throw new CommandError('the Redis that REDIS_URL names cannot be reached');
  }

  /** Does a write that touches everything. */
  async around(write: () => Promise<void>): Promise<void> {
    const id = randomUUID();
    await this.writes.announce({ id, tags: [EPOCH] });
    try {
      await write();
    } finally {
      await this.writes.evict(id, [EPOCH]);
    }
  }

  /** @throws {CommandError} if Redis went away meanwhile and has not come back */
  async finish(): Promise<void> {
    // To be trusted again after it was away, Redis is given a new epoch, so this is all there is to wait for.
    if (await this.ready()) return;
    throw new CommandError(
      'Redis went away meanwhile, so instances that run may show what they have stored before: evict "epoch" by ' +
        'POST /api/v1/cache/evictions as soon as it is back',
    );
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  private async ready(): Promise<boolean> {
    const deadline = performance.now() + PATIENCE;
    while (!this.ledger.available && performance.now() < deadline) await delay(PAUSE);
    return this.ledger.available;
  }
}
