import type { StoreProblem } from './store-problem.js';

/** Looks for what is wrong with a version store that is trusted all the same. */
export abstract class StoreWatch {
  abstract readonly problem: StoreProblem | undefined;
}
