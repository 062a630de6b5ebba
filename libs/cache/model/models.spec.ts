import { members } from './members.js';
import { readsAndWrites } from './reads-and-writes.js';

const TIMEOUT = 240_000;

describe.each([readsAndWrites, members])('the model of $name', ({ scenarios, brokenRules, limits }) => {
  it.each(Object.entries(scenarios))(
    'keeps its promises: %s',
    (_, run) => {
      const { counterexample, states } = run();
      expect(counterexample).toBeUndefined();
      expect(states).toBeGreaterThan(1_000);
    },
    TIMEOUT,
  );

  it.each([...Object.entries(brokenRules), ...Object.entries(limits)])(
    'breaks a promise if %s',
    (_, run) => {
      expect(run().counterexample).toBeDefined();
    },
    TIMEOUT,
  );
});
