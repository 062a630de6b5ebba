import {
  ASSUMPTIONS,
  capacityFor,
  demandOf,
  firstBottleneck,
  FULL_AT,
  ratesOf,
  type Cost,
  type Costs,
} from './capacity-model.js';

const NOTHING: Cost = { api: 0, redis: 0, postgres: 0, commands: 0, statements: 0, bytes: 0 };

function costs(given: Partial<Costs>): Costs {
  return {
    unchanged: NOTHING,
    list: NOTHING,
    order: NOTHING,
    dashboard: NOTHING,
    create: NOTHING,
    idle: NOTHING,
    renewal: NOTHING,
    ...given,
  };
}

describe('the capacity model', () => {
  it('spreads the polls of all clients over the interval, and adds the new orders', () => {
    const { create, ...polls } = ratesOf(1_000, { ...ASSUMPTIONS, interval: 4, creates: 0.01 });
    expect(Object.values(polls).reduce((sum, rate) => sum + rate, 0)).toBeCloseTo(250);
    expect(create).toBeCloseTo(2.5);
  });

  it('adds up what the requests and the instances need', () => {
    const rates = { unchanged: 100, list: 10, order: 0, dashboard: 0, create: 1 };
    const given = costs({
      unchanged: { ...NOTHING, api: 100, bytes: 5 },
      list: { ...NOTHING, api: 1_000, commands: 2 },
      create: { ...NOTHING, statements: 3 },
      idle: { ...NOTHING, api: 10_000, commands: 4 },
      renewal: { ...NOTHING, api: 2_000, redis: 500 },
    });
    expect(demandOf(rates, given, 2)).toEqual({
      ...NOTHING,
      api: 0.044,
      redis: 0.001,
      commands: 28,
      statements: 3,
      bytes: 500,
    });
  });

  it('gives each instance a core, and no more than its share of it', () => {
    const given = costs({ unchanged: { ...NOTHING, api: 100 } });
    const { instances, api } = capacityFor(1_000_000, given);
    expect(api / instances).toBeLessThanOrEqual(FULL_AT);
    expect(api / (instances - 1)).toBeGreaterThan(FULL_AT);
  });

  it('has no number of instances if each is full with what new orders cost all of them', () => {
    const given = costs({ unchanged: { ...NOTHING, api: 100 }, renewal: { ...NOTHING, api: 100_000 } });
    expect(capacityFor(1_000_000, given).instances).toBe(Infinity);
    expect(firstBottleneck(given).resource).toBe('instances');
  });

  it.each(['redis', 'postgres', 'bytes'] as const)('names the resource that is full first: %s', (resource) => {
    const little = { redis: 1, postgres: 1, bytes: 1 };
    const { resource: first, clients } = firstBottleneck(
      costs({ unchanged: { ...NOTHING, ...little, [resource]: 1_000_000 } }),
    );
    expect(first).toBe(resource);
    expect(clients).toBeGreaterThan(0);
  });
});
