/** What one request of a kind costs. */
export interface Cost {
  /** CPU time of the API, of Redis and of PostgreSQL, in microseconds. */
  readonly api: number;
  readonly redis: number;
  readonly postgres: number;
  /** Commands of Redis, those in scripts included. */
  readonly commands: number;
  readonly statements: number;
  /** Bytes of the body, as a browser gets it. */
  readonly bytes: number;
}

/** A cost of which each part is computed in the same way. */
export function costOf(part: (name: keyof Cost) => number): Cost {
  const [api, redis, postgres] = [part('api'), part('redis'), part('postgres')];
  return { api, redis, postgres, commands: part('commands'), statements: part('statements'), bytes: part('bytes') };
}

export const KINDS = ['unchanged', 'list', 'order', 'dashboard', 'create'] as const;

/** `unchanged` is a list that the client has already: 304. The others but `create` are hits. */
export type Kind = (typeof KINDS)[number];

/** What each request costs, and what an instance costs besides. */
export interface Costs extends Readonly<Record<Kind, Cost>> {
  /** What an instance costs in a second without requests. */
  readonly idle: Cost;
  /** What an instance costs for each new order, whichever instance has it: the first reads of the list and of the dashboard after it. */
  readonly renewal: Cost;
}

/** Requests of each kind in a second. */
export type Rates = Readonly<Record<Kind, number>>;

/** What requests need in each second: cores of each process, commands, statements, and bytes. */
export type Demand = Cost;

/** How clients behave. */
export interface Assumptions {
  /** Seconds between two polls of a client. */
  readonly interval: number;
  /** The share of each kind in the polls. */
  readonly polls: Readonly<Record<Exclude<Kind, 'create'>, number>>;
  /** New orders for each poll. */
  readonly creates: number;
}

export const ASSUMPTIONS: Assumptions = {
  interval: 5,
  polls: { unchanged: 0.9, list: 0.06, order: 0.02, dashboard: 0.02 },
  creates: 0.0001,
};

/** What there is of each resource. A resource is full at this share of it, since queues grow before it is used up. */
export const FULL_AT = 0.6;

/** Redis executes commands on one core. A PostgreSQL server has as many cores as one buys; the network has ten gigabits. */
export const LIMITS = { redis: 1, postgres: 16, bytes: 1.25e9 } as const;

/** The rates that so many polling clients cause. */
export function ratesOf(clients: number, { interval, polls, creates }: Assumptions): Rates {
  const perSecond = clients / interval;
  const { unchanged, list, order, dashboard } = polls;
  return {
    unchanged: unchanged * perSecond,
    list: list * perSecond,
    order: order * perSecond,
    dashboard: dashboard * perSecond,
    create: creates * perSecond,
  };
}

/**
 * What so many instances need for these rates, if each request costs what it has cost alone. Times become cores.
 */
export function demandOf(rates: Rates, costs: Costs, instances: number): Demand {
  const sum = costOf((part) =>
    KINDS.reduce((total, kind) => total + rates[kind] * costs[kind][part], instances * ofInstance(rates, costs)[part]),
  );
  return { ...sum, api: sum.api / 1e6, redis: sum.redis / 1e6, postgres: sum.postgres / 1e6 };
}

/** What an instance costs in a second besides the requests that it answers. */
function ofInstance({ create }: Rates, { idle, renewal }: Costs): Cost {
  return costOf((part) => idle[part] + create * renewal[part]);
}

/** What so many clients need, and the number of instances for them, of which each has a core: infinite if no number is enough. */
export function capacityFor(clients: number, costs: Costs): Demand & { readonly instances: number } {
  const rates = ratesOf(clients, ASSUMPTIONS);
  const room = FULL_AT - ofInstance(rates, costs).api / 1e6;
  const instances = room > 0 ? Math.ceil(demandOf(rates, costs, 0).api / room) : Infinity;
  return { ...demandOf(rates, costs, instances), instances };
}

/** What can be full. More instances help the API, until each has no time left beside the renewals of what changes. */
export type Resource = keyof typeof LIMITS | 'instances';

const STEP = 1.01;

/** The resource that is full first, and about how many clients it is enough for. */
export function firstBottleneck(costs: Costs): { readonly resource: Resource; readonly clients: number } {
  for (let clients = 1_000; ; clients *= STEP) {
    const needed = capacityFor(clients, costs);
    if (needed.instances === Infinity) return { resource: 'instances', clients };
    const full = (['redis', 'postgres', 'bytes'] as const).find(
      (resource) => needed[resource] > FULL_AT * LIMITS[resource],
    );
    if (full) return { resource: full, clients };
  }
}
