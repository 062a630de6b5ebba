import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { endUntakenConnection } from './end-untaken-connection.js';
import { countMissingWorkers } from './missing-workers.js';
import {
  SIGN_OF_LIFE_INTERVAL_MS,
  WORKER_NUMBER,
  type MessageOfSupervisor,
  type MessageOfWorker,
  type ProcessMetricsJson,
} from './worker-messages.js';

/** How long to wait before a worker takes the place of one that ended, in seconds. It doubles for each one that does not listen. */
const RESTART_PAUSE = 1;
const LONGEST_RESTART_PAUSE = 60;

/** A worker that gives no sign of life for so many intervals hangs. */
const MOST_SILENT_INTERVALS = 6;

/** How long to wait for the metrics of the workers, in milliseconds. The metrics of a worker that hangs are left out. */
const METRICS_PATIENCE_MS = 2_000;

/**
 * Runs the API in several processes that share a port. Each is an instance like any other: it has its own connections, caches
 * and requests. This process only starts them, passes signals on, and collects their metrics.
 *
 * The first worker starts alone, so that a start that fails says so once. If it does, this process ends as the worker did.
 */
export function superviseWorkers(count: number): void {
  const supervisor = new Supervisor(count);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      supervisor.stop();
    });
  }
  supervisor.start();
}

class Supervisor {
  /** Workers whose process has not ended. */
  private readonly running = new Set<Worker>();
  /** Workers that listen. */
  private readonly listening = new Set<Worker>();
  /** For how many intervals workers have given no sign of life. */
  private readonly silence = new Map<Worker, number>();
  /** How long to wait for the next worker with a number, in seconds, if one did not listen. */
  private readonly pauses = new Map<number, number>();
  private readonly questions = new Map<number, (worker: Worker, metrics: ProcessMetricsJson) => void>();
  private lastQuestion = 0;
  /** The metrics that no worker knows. */
  private readonly metrics = new Registry();
  private hasStarted = false;
  private isStopping = false;
  private exitCode = 0;

  constructor(private readonly count: number) {
    countMissingWorkers(this.metrics, () => count - this.listening.size);
  }

  start(): void {
    // JSON has no NaN, which some metrics are.
    cluster.setupPrimary({ serialization: 'advanced' });
    cluster.on('message', (worker, message: MessageOfWorker) => {
      if (message.type === 'metrics') this.questions.get(message.id)?.(worker, message.metrics);
      else if (message.type === 'metrics-of-all?') void this.answer(worker, message.id);
      else if (message.type === 'alive') this.silence.delete(worker);
      else this.takeFromPort(worker);
    });
    setInterval(() => {
      this.killHanging();
    }, SIGN_OF_LIFE_INTERVAL_MS);
    this.fork(1);
  }

  /** A later call hurries the workers: a later signal makes them wait for nothing. */
  stop(): void {
    this.isStopping = true;
    for (const worker of this.running) worker.process.kill('SIGTERM');
    this.exitIfAlone();
  }

  private fork(number: number): void {
    if (this.isStopping) return;
    const worker = cluster.fork({ [WORKER_NUMBER]: number });
    this.running.add(worker);
    endUntakenConnection(worker);
    worker.on('listening', () => {
      this.listening.add(worker);
      this.pauses.delete(number);
      if (this.hasStarted || this.isStopping) return;
      this.hasStarted = true;
      for (let other = 2; other <= this.count; other += 1) this.fork(other);
    });
    worker.on('exit', (code, signal) => {
      this.running.delete(worker);
      this.listening.delete(worker);
      this.silence.delete(worker);
      this.replace(number, code, signal);
    });
  }

  /** Nobody else notices: the connections go to the other workers, as do the questions whether the API is alive. */
  private killHanging(): void {
    // While a worker starts, it may be busy for long.
    for (const worker of this.listening) {
      const silence = (this.silence.get(worker) ?? 0) + 1;
      this.silence.set(worker, silence);
      // One that stops has left this process, and ends by itself.
      if (silence <= MOST_SILENT_INTERVALS || !worker.isConnected()) continue;
      console.error(`Process ${worker.process.pid ?? ''} of a worker hangs: it is killed`);
      worker.process.kill('SIGKILL');
    }
  }

  private replace(number: number, code: number | null, signal: string | null): void {
    // A worker that stops by itself, or the first one that cannot start, has said why.
    if (this.isStopping || !this.hasStarted) {
      this.isStopping = true;
      // Until a worker handles SIGTERM, it ends by it, which is what was asked for.
      this.exitCode ||= code ?? (signal === 'SIGTERM' ? 0 : 1);
      this.exitIfAlone();
      return;
    }
    const pause = this.pauses.get(number) ?? RESTART_PAUSE;
    this.pauses.set(number, Math.min(2 * pause, LONGEST_RESTART_PAUSE));
    const cause = signal ?? `exit code ${String(code)}`;
    console.error(`Worker ${number} ended (${cause}): another one takes its place in ${pause} s`);
    setTimeout(() => {
      this.fork(number);
    }, pause * 1_000);
  }

  private exitIfAlone(): void {
    if (this.running.size === 0) process.exit(this.exitCode);
  }

  /** Passes no more connections to a worker, which then stops listening. It answers what it has. */
  private takeFromPort(worker: Worker): void {
    worker.disconnect();
    send(worker, { type: 'port-left' });
  }

  private async answer(asker: Worker, id: number): Promise<void> {
    const all = await this.metricsOfAll();
    if (asker.isConnected()) send(asker, { type: 'metrics-of-all', id, all });
  }

  private async metricsOfAll(): Promise<ProcessMetricsJson[]> {
    const found = new Map<Worker, ProcessMetricsJson>();
    const asked = [...this.listening].filter((worker) => worker.isConnected());
    const id = (this.lastQuestion += 1);
    const isOver = new AbortController();
    this.questions.set(id, (worker, metrics) => {
      found.set(worker, metrics);
      if (asked.every((each) => found.has(each))) isOver.abort();
    });
    for (const worker of asked) send(worker, { type: 'metrics?', id });
    await delay(METRICS_PATIENCE_MS, undefined, { signal: isOver.signal }).catch(() => undefined);
    this.questions.delete(id);
    return [...found.values(), await this.metrics.getMetricsAsJSON()];
  }
}

function send(worker: Worker, message: MessageOfSupervisor): void {
  // A worker that has just died does not get it, and nobody waits for that worker.
  worker.send(message, () => undefined);
}
