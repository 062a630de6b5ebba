import { Injectable } from '@nestjs/common';
import type { Tag } from '../versions/version-store.js';
import type { LoadResponse, KeyAndTags } from './key-and-tags.js';

/** An answer that so many ask for that it is made anew by whoever makes it untrue, before anybody asks again. */
export interface RefreshedResponse {
  readonly question: KeyAndTags;
  readonly load: LoadResponse;
  /**
   * It consists of sums, which do not tell one write from another: whoever has seen it cannot notice of another answer that
   * it does not show a certain write yet.
   */
  readonly summary?: boolean;
}

/** How often in a row an answer is made anew without anybody asking for it, before that counts as wasted. */
const PATIENCE = 10;

/**
 * The answers that writes keep warm. Whoever knows how to make one registers it here.
 *
 * While nobody asks this process for one, as when orders are imported at night, it is not made anew: evicting it is
 * enough then. It is kept warm again from the next time that it is asked for.
 */
@Injectable()
export class RefreshOnWrite {
  private readonly describers: (() => RefreshedResponse)[] = [];
  /** How often each was made anew, by its key, since it was last asked for. */
  private unasked = new Map<string, number>();

  /** @param describe what is asked at present: the question may change with time */
  register(describe: () => RefreshedResponse): void {
    this.describers.push(describe);
  }

  /** Somebody asks for the answer with this key, be it warm or not. */
  noteAsked(key: string): void {
    if (this.unasked.has(key)) this.unasked.set(key, 0);
  }

  /** Those that, at present, depend on any of these tags and are asked for. */
  takeDependentOn(tags: readonly Tag[]): readonly RefreshedResponse[] {
    const warm = this.describers.map((describe) => describe());
    this.unasked = new Map(warm.map(({ question: { key } }) => [key, this.unasked.get(key) ?? 0]));
    const taken = warm.filter(
      ({ question }) =>
        question.tags.some((tag) => tags.includes(tag)) && (this.unasked.get(question.key) ?? 0) < PATIENCE,
    );
    for (const { question } of taken) this.unasked.set(question.key, (this.unasked.get(question.key) ?? 0) + 1);
    return taken;
  }
}
