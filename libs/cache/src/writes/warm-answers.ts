import { Injectable } from '@nestjs/common';
import type { LoadAnswer, Question } from '../answers/answer-cache.js';
import type { Tag } from '../ledger/ledger.js';

/** An answer that so many ask for that it is made anew by whoever makes it untrue, before anybody asks again. */
export interface WarmAnswer {
  readonly question: Question;
  readonly load: LoadAnswer;
}

/** The answers that writes keep warm. Whoever knows how to make one registers it here. */
@Injectable()
export class WarmAnswers {
  private readonly describers: (() => WarmAnswer)[] = [];

  /** @param describe what is asked at present: the question may change with time */
  register(describe: () => WarmAnswer): void {
    this.describers.push(describe);
  }

  /** Those that, at present, depend on any of these tags. */
  dependentOn(tags: readonly Tag[]): readonly WarmAnswer[] {
    return this.describers
      .map((describe) => describe())
      .filter(({ question }) => question.tags.some((tag) => tags.includes(tag)));
  }
}
