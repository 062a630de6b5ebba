import { Injectable, Optional } from '@nestjs/common';
import { Backplane } from './versions/backplane.js';
import type { StoreProblem } from './versions/store-problem.js';
import { VersionStore } from './versions/version-store.js';

const UNKNOWN: StoreProblem = { kind: 'revalidating', message: 'the version store is not trusted' };

const CUT_OFF: StoreProblem = {
  kind: 'cut-off',
  message: 'this instance may have missed writes of the others: look at the connection that tells it of them',
};

/**
 * Says whether cached responses are trusted, and what is wrong: for health checks and metrics.
 *
 * @publicApi
 */
@Injectable()
export class CacheHealth {
  constructor(
    private readonly versions: VersionStore,
    @Optional() private readonly backplane?: Backplane,
  ) {}

  /** Whether cached responses are trusted. */
  get trusted(): boolean {
    return this.versions.available && this.backplane?.mayAnswer !== false;
  }

  /** What is wrong. There may also be a problem while cached responses are trusted. */
  get problem(): StoreProblem | undefined {
    if (!this.versions.available) return this.versions.problem ?? UNKNOWN;
    return this.backplane?.mayAnswer === false ? CUT_OFF : this.versions.problem;
  }
}
