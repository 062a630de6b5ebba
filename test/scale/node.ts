import { readFile } from 'node:fs/promises';
import { cpuTimeOfAll } from '../bench/measure/cpu-time.js';
import { allStatements } from '../bench/measure/statement-counter.js';
import type { ServerProcess } from '../bench/servers/server-process.js';
import type { Stage } from '../bench/servers/stage.js';
import { costOf, type Cost } from './capacity-model.js';

/** The API on one machine: some instances, each with some workers. */
export class Node {
  private constructor(
    private readonly stage: Stage,
    readonly instances: readonly ServerProcess[],
  ) {}

  static async start(stage: Stage, instances: number, workers: number): Promise<Node> {
    const started: ServerProcess[] = [];
    for (let i = 0; i < instances; i += 1) {
      const environment = { WORKERS: String(workers), RATE_LIMIT_PER_MINUTE: '0', MAX_EVENT_LOOP_DELAY_MS: '60000' };
      started.push(await stage.anotherApi(`api-${i + 1}`, environment));
    }
    return new Node(stage, started);
  }

  async stop(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.stop()));
  }

  /** Runs a load, and returns what each of its requests has cost on average. */
  async measure(load: () => Promise<{ readonly requests: number; readonly bytes: number }>): Promise<Cost> {
    const before = await this.used();
    const { requests, bytes } = await load();
    const after = await this.used();
    return costOf((part) => (part === 'bytes' ? bytes : after[part] - before[part]) / requests);
  }

  /** The memory of all its processes, in bytes. */
  async memory(): Promise<number> {
    const pids = await this.pids();
    const sizes = await Promise.all(
      pids.map(async (pid) => {
        const status = await readFile(`/proc/${pid}/status`, 'utf8');
        return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
      }),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Since the start. Bytes are not counted here. */
  private async used(): Promise<Cost> {
    const { redisPid, postgresPid, redisCommands } = this.stage;
    const statements = await this.stage.statements();
    const cpu = async (pids: readonly number[]): Promise<number> => (await cpuTimeOfAll(pids)) ?? Number.NaN;
    return {
      api: await cpu(await this.pids()),
      redis: await cpu([redisPid]),
      postgres: await cpu(await withChildren(postgresPid)),
      commands: await redisCommands.total(),
      statements: allStatements(await statements.counts()),
      bytes: 0,
    };
  }

  private async pids(): Promise<readonly number[]> {
    return (await Promise.all(this.instances.map(({ pid }) => withChildren(pid)))).flat();
  }
}

/** A process and those that it has started. */
async function withChildren(pid: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.trim().split(' ').filter(Boolean).map(Number)];
}
