import type { Plan, ScenarioName } from '../arguments.js';
import type { CreateResult } from '../scenarios/creates.js';
import type { FactoryDayResult } from '../scenarios/factory-day.js';
import type { HitCosts } from '../scenarios/hit-costs.js';
import type { MemoryFigures } from '../scenarios/memory.js';
import type { PageResult } from '../scenarios/page.js';
import type { ScaleResult } from '../scenarios/scale.js';
import type { StampedeFigures } from '../scenarios/stampede.js';
import type { Machine } from './machine.js';

interface ResultOf {
  readonly page: PageResult;
  readonly 'hit-costs': HitCosts;
  readonly memory: MemoryFigures;
  readonly stampede: readonly StampedeFigures[];
  readonly creates: readonly CreateResult[];
  readonly 'factory-day': readonly FactoryDayResult[];
  readonly scale: ScaleResult;
}

/** The result of a scenario with its conditions. */
export interface Measured<T> {
  /** Time of the measurement, in ISO 8601. */
  readonly at: string;
  readonly machine: Machine;
  readonly plan: Plan;
  readonly result: T;
}

/** The raw results of all scenarios that were run, each with its own conditions. */
export type BenchResults = { readonly [Name in ScenarioName]?: Measured<ResultOf[Name]> };

export type ScenarioResults = ResultOf;
