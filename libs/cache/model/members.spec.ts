import { explore, keyWithoutTokens, type Exploration } from './explore.js';
import { initialState, stepsOf, type Fault, type Plan } from './members.js';

const everything: Plan = {
  members: 2,
  stores: 1,
  writers: [0],
  readers: [0, 1],
  budget: 2,
  faults: [
    ['redis', 0],
    ['redis', 1],
    ['postgres', 0],
    ['postgres', 1],
    ['lease', 0],
    ['lease', 1],
  ],
};
const failover: Plan = {
  members: 2,
  stores: 2,
  writers: [0],
  readers: [1],
  budget: 2,
  faults: [
    ['redis', 0],
    ['redis', 1],
    ['lease', 0],
    ['lease', 1],
  ],
};
const split: Plan = {
  ...failover,
  readers: [1, 1],
  faults: [
    ['redis', 1],
    ['lease', 0],
  ],
};
const cutOff: Plan = {
  members: 2,
  stores: 1,
  writers: [0],
  readers: [1],
  cutOff: [0],
  budget: 3,
  faults: [
    ['postgres', 1],
    ['lease', 1],
  ],
};
const apart: Plan = {
  members: 3,
  stores: 2,
  writers: [0],
  readers: [2, 2],
  cutOff: [0, 2],
  budget: 2,
  faults: [
    ['redis', 2],
    ['lease', 1],
  ],
};

function run(plan: Plan, fault?: Fault): Exploration {
  return explore(
    initialState(plan),
    (state) => stepsOf(state, plan, fault),
    ({ tokens: _, ...state }) => keyWithoutTokens(state),
  );
}

describe('the model of instances that lose their connections', () => {
  it.each([
    ['with every fault, on one Redis', everything],
    ['with a failover of Redis', failover],
    ['with a Redis of its own for each', split],
    ['with an instance that is cut off from Redis', cutOff],
    ['with instances on different sides of a failover', apart],
  ])('never shows less than was acknowledged: %s', (_, plan) => {
    const { violation, states } = run(plan);
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThan(1_000);
  });

  it.each<[Fault, Plan]>([
    ['the fence is not asked', split],
    ['a relayed write is acknowledged at once', everything],
    ['a lapsed member answers from the cache', everything],
    ['a lapsed member takes everybody for present', everything],
    ['an unconfirmed invalidation is forgotten', everything],
    ['a store is claimed while a member uses another', failover],
    ['the epoch is bound to the store and not to the claim', failover],
    ['a lease is renewed before notifications are heard', everything],
    ['a member that has not listened goes on', cutOff],
    ['an echo from another store counts', apart],
  ])('finds out that %s', (fault, plan) => {
    expect(run(plan, fault).violation).toBeDefined();
  });
});
