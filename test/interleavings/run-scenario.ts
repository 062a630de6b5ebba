import type { Scheduler } from 'fast-check';
import { CACHE_DEFAULTS } from '../../libs/cache/src/cache.options.js';
import { Acknowledged } from './actors/acknowledged.js';
import { Client, versionOf } from './actors/client.js';
import { Writer } from './actors/writer.js';
import type { FailoverPlan, Scenario, WriterPlan } from './scenario.js';
import { Steps } from './steps.js';
import { memoryBackend, redisBackend } from './system/backend.js';
import { Host } from './system/host.js';
import { Instance } from './system/instance.js';
import { OrdersDatabase, RESUMED, RolledBackError } from './system/orders-database.js';
import { ALL, COUNT, HELD_PAGE, NEW_PAGE, allOrders, count, heldOrders, newOrders } from './system/keys-and-tags.js';
import { SimulatedRedis } from './system/simulated-redis.js';
import { Notifications } from './system/simulated-backplane.js';
import { NEVER, VirtualTime } from './virtual-time.js';

/** Entries in L1 do not expire, because lru-cache does not use the virtual clock of the run. */
const NO_LIFETIME = 0;

const L1_BYTES = 1_000_000;

/** The number of clients that repeat their requests while the sweepers invalidate the tags of expired writes. */
const SECOND_ROUND = 2;

/** The result of a run. */
export interface Shown {
  readonly steps: number;
  /** Empty if all went well. */
  readonly complaints: readonly string[];
  readonly instances: readonly Instance[];
}

/** Runs a scenario, with its steps in the order that the scheduler chooses. */
export async function runScenario(scenario: Scenario, scheduler: Scheduler, delays: Iterator<number>): Promise<Shown> {
  const run = new Run(scenario, new Steps(scheduler, scenario.slow, delays));
  return run.run();
}

class Run {
  private readonly time: VirtualTime;
  private readonly redis = new SimulatedRedis();
  private readonly database = new OrdersDatabase();
  private readonly notifications = new Notifications();
  private readonly acknowledged = new Acknowledged();
  private readonly instances: readonly Instance[];
  private readonly complaints: string[] = [];
  private readonly errors: unknown[] = [];
  /** The version of each order after all writes that have begun. */
  private readonly begun = new Map<string, number>();
  private writesUnderWay = 0;

  constructor(
    private readonly scenario: Scenario,
    private readonly steps: Steps,
  ) {
    this.time = new VirtualTime(steps);
    scenario.initially.forEach((version, order) => {
      if (version === 0) return;
      this.database.committed.set(orderName(order), version);
      this.begun.set(orderName(order), version);
      this.acknowledged.add(orderName(order), version);
    });
    this.instances = scenario.backend === 'redis' ? [this.instance('A'), this.instance('B')] : [this.instance('A')];
  }

  async run(): Promise<Shown> {
    const uninstall = this.time.install();
    try {
      for (const instance of this.instances) this.begin(() => instance.start());
      await this.comeToRest([]);
      const clients = this.scenario.clients.map(() => this.newClient());
      await this.comeToRest([...this.actors(), ...this.readings(clients)]);
      // Writes that are still pending have dead writers or unknown outcomes.
      this.sweepExpired();
      await this.comeToRest(this.readings(clients.slice(0, SECOND_ROUND)));
      await this.compareWithTruth();
    } finally {
      uninstall();
    }
    if (this.errors.length > 0) throw this.errors[0];
    return { steps: this.steps.count, complaints: this.complaints, instances: this.instances };
  }

  private get isTroubled(): boolean {
    return this.scenario.outages.length > 0;
  }

  /** Takes all steps, and starts the actors when their time has come. When no steps are left, the clock advances. */
  private async comeToRest(actors: readonly { readonly begins: number; readonly act: () => void }[]): Promise<void> {
    const waiting = [...actors].sort((one, other) => one.begins - other.begins);
    const offset = this.steps.count;
    for (;;) {
      await this.steps.takeAll((taken) => {
        while (waiting[0] && waiting[0].begins <= taken - offset) waiting.shift()?.act();
      });
      const next = waiting.shift();
      if (next) next.act();
      else if (!this.time.fly()) return;
    }
  }

  private actors(): { begins: number; act: () => void }[] {
    const { writers, outages, failover, killed, haste, sweeps } = this.scenario;
    return [
      ...writers.map((plan) => ({
        begins: plan.begins,
        act: () => {
          this.write(plan);
        },
      })),
      ...outages.flatMap(({ begins, lasts, instance, isLossy }) => {
        const { link } = this.numbered(instance);
        return [
          { begins, act: () => link?.cut(isLossy) },
          { begins: begins + lasts, act: () => link?.mend() },
        ];
      }),
      ...(failover ? this.failoverActors(failover) : []),
      ...(killed
        ? [
            {
              begins: killed.begins,
              act: () => {
                this.numbered(killed.instance).kill();
              },
            },
          ]
        : []),
      ...haste.map((begins) => ({ begins, act: () => this.time.fly() })),
      ...sweeps.map((begins) => ({
        begins,
        act: () => {
          if (this.writesUnderWay === 0) this.sweepExpired();
        },
      })),
    ];
  }

  private failoverActors({ begins, lasts }: FailoverPlan): { begins: number; act: () => void }[] {
    let failOver = (): void => undefined;
    return [
      { begins, act: () => (failOver = this.redis.leaveReplicaBehind()) },
      {
        begins: begins + lasts,
        act: () => {
          for (const { link } of this.instances) link?.cut(true);
          failOver();
          for (const { link } of this.instances) link?.mend();
        },
      },
    ];
  }

  /** The actors that send all requests of the clients. */
  private readings(clients: readonly Client[]): { begins: number; act: () => void }[] {
    return clients.flatMap((client, i) => {
      const plan = this.scenario.clients[i];
      if (!plan) return [];
      const ask = async () => {
        for (const { instance, askedFor, order } of plan.questions) {
          await client.ask(this.living(instance), askedFor, orderName(order));
        }
      };
      return [
        {
          begins: plan.begins,
          act: () => {
            this.begin(ask);
          },
        },
      ];
    });
  }

  private write({ instance, order, fate }: WriterPlan): void {
    const id = orderName(order);
    const before = this.database.committed.get(id) ?? 0;
    // The database locks an order while a transaction changes it.
    if ((this.begun.get(id) ?? 0) !== before || before === RESUMED) return;
    const { host } = this.numbered(instance);
    if (!host.isAlive) return;
    const version = before + 1;
    this.begun.set(id, version);
    this.writesUnderWay += 1;
    const writer = new Writer(this.numbered(instance), this.database, this.notifications, this.acknowledged);
    this.begin(async () => {
      await writer.write(id, version, fate);
      const isUndone = fate.outcome.endsWith('rolled back');
      if (isUndone) this.begun.set(id, before);
      // A late commit may happen until the deadline of its pending write.
      if (!fate.outcome.endsWith('late')) this.writesUnderWay -= 1;
    });
  }

  private sweepExpired(): void {
    this.redis.passTime(CACHE_DEFAULTS.pendingWriteLifetime);
    this.time.tick();
  }

  /** Checks that every instance shows the state of the database in the end. */
  private async compareWithTruth(): Promise<void> {
    const truth = this.database.committed;
    for (const instance of this.instances.filter(({ host }) => host.isAlive)) {
      if (!instance.trusts) this.complaints.push(`in the end, ${instance.host.name} does not trust Redis`);
      for (const [id, version] of truth) this.compare(instance, id, version, versionOf(instance, id));
      this.compare(instance, 'the count', count(truth), instance.ask(COUNT, count));
      this.compare(instance, 'the new orders', newOrders(truth), instance.ask(NEW_PAGE, newOrders));
      this.compare(instance, 'the held orders', heldOrders(truth), instance.ask(HELD_PAGE, heldOrders));
      this.compare(instance, 'all orders', allOrders(truth), instance.ask(ALL, allOrders));
    }
    await this.comeToRest([]);
    if (this.redis.pendingWriteCount > 0) this.complaints.push('in the end, a write is still pending');
  }

  private compare(instance: Instance, what: string, truth: unknown, answer: Promise<unknown>): void {
    this.begin(async () => {
      const shown = JSON.stringify(await answer);
      if (shown === JSON.stringify(truth)) return;
      this.complaints.push(`in the end, ${instance.host.name} shows ${what} as ${shown}, not ${JSON.stringify(truth)}`);
    });
  }

  private begin(act: () => Promise<void>): void {
    act().catch((error: unknown) => this.errors.push(error));
  }

  /** Reads are monotonic while all instances reach Redis, and every write has a pending write in the version store. */
  private newClient(): Client {
    const remembers = () => !this.isTroubled && this.instances.every(({ counts }) => counts.unrecordedWrites === 0);
    return new Client(this.database, this.acknowledged, remembers, (what) => this.complaints.push(what));
  }

  private instance(name: string): Instance {
    const host = new Host(name, this.steps);
    const options = {
      ...CACHE_DEFAULTS,
      deadline: this.isTroubled ? CACHE_DEFAULTS.deadline : 2 * NEVER,
      isRolledBack: (error: unknown) => error instanceof RolledBackError,
      l1MaxBytes: L1_BYTES,
      entryLifetime: NO_LIFETIME,
      // Queries of the database may take any time.
      loadQueueTimeout: 2 * NEVER,
      loadTimeout: 2 * NEVER,
    };
    const backend =
      this.scenario.backend === 'redis'
        ? redisBackend(options, host, this.redis)
        : memoryBackend(options, () => this.redis.now);
    return new Instance(host, backend, this.database, this.notifications);
  }

  private numbered(number: number): Instance {
    const instance = this.instances[number % this.instances.length];
    if (!instance) throw new Error('there are no instances');
    return instance;
  }

  /** A client of a dead instance asks the other one. */
  private living(number: number): Instance {
    const wanted = this.numbered(number);
    return wanted.host.isAlive ? wanted : this.numbered(number + 1);
  }
}

function orderName(order: number): string {
  return `o${order}`;
}
