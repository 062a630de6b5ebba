import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { findProgram } from './debian-package.js';
import { eventually } from './eventually.js';
import { watchOver } from './watchdog.js';

const FOLDER = 'docker/prometheus';
const JOB = 'mes-orders';
const START_PATIENCE_MS = 120_000;
const MILLISECONDS_OF = { s: 1_000, m: 60_000, h: 3_600_000 };

/** What Prometheus scrapes. */
export interface PrometheusTarget {
  /** The label `instance` of its metrics. */
  readonly name: string;
  /** Where the metrics are. */
  readonly url: string;
}

/** One value of an expression. */
export interface QueriedSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface QueryAnswer {
  readonly data: {
    readonly result: readonly { readonly metric: QueriedSample['labels']; readonly value: [number, string] }[];
  };
}

/**
 * A real Prometheus with the alert rules of the project, in a hurry: it scrapes more often, and all times in the rules are
 * shorter by the same factor, so that a fault of seconds is to it what one of minutes is to an IT department.
 */
export class PrometheusServer {
  private constructor(
    private readonly url: string,
    private readonly folder: string,
    private readonly server: ChildProcess,
    private readonly callOffWatch: () => void,
  ) {}

  /**
   * Resolves once it has scraped all targets.
   *
   * @param speed the factor
   */
  static async start(speed: number, targets: readonly PrometheusTarget[]): Promise<PrometheusServer> {
    const program = await findProgram({ name: 'prometheus', package: 'prometheus' });
    const folder = await mkdtemp(join(tmpdir(), 'mes-prometheus-'));
    const rules = await readFile(resolve(FOLDER, 'alerts.yaml'), 'utf8');
    await writeFile(join(folder, 'alerts.yaml'), hurried(rules, speed));
    const interval = scaled('15s', speed);
    const config = join(folder, 'prometheus.yaml');
    await writeFile(
      config,
      `global: { scrape_interval: ${interval}, scrape_timeout: ${interval}, evaluation_interval: ${interval} }
rule_files: [alerts.yaml]
scrape_configs: [{ job_name: ${JOB}, static_configs: ${JSON.stringify(targets.map(asConfiguration))} }]
`,
    );
    const port = await freePort();
    const server = spawn(
      program,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    );
    await once(server, 'spawn');
    if (server.pid === undefined) throw new Error('Prometheus has no process');
    const url = `http://127.0.0.1:${port}`;
    const started = new PrometheusServer(url, folder, server, watchOver(server.pid, [folder]));
    try {
      await eventually(() => started.hasScraped(targets.length), START_PATIENCE_MS);
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  /** @throws Error if Prometheus does not understand the expression */
  async query(expression: string): Promise<QueriedSample[]> {
    const response = await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    if (!response.ok) throw new Error(`Prometheus refuses ${expression}: ${await response.text()}`);
    const { data } = (await response.json()) as QueryAnswer;
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  async stop(): Promise<void> {
    if (this.server.exitCode === null && this.server.signalCode === null) {
      this.server.kill('SIGKILL');
      await once(this.server, 'exit');
    }
    this.callOffWatch();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async hasScraped(targets: number): Promise<boolean> {
    if (this.server.exitCode !== null) throw new Error(`Prometheus ended with exit code ${this.server.exitCode}`);
    // It does not listen from the start, and has read nothing then.
    const up = await this.query('up == 1').catch(() => []);
    return up.length === targets;
  }
}

function asConfiguration({ name, url }: PrometheusTarget): object {
  const { host, pathname } = new URL(url);
  return { targets: [host], labels: { instance: name, __metrics_path__: pathname } };
}

/** The rules with shorter times: those after `for:` and `offset`, and in brackets. */
function hurried(rules: string, speed: number): string {
  return rules.replace(
    /(for: |offset |\[)(\d+[smh])\b/g,
    (_, before: string, time: string) => before + scaled(time, speed),
  );
}

/** A time of Prometheus, such as `5m`, divided by the factor. */
function scaled(time: string, speed: number): string {
  const unit = time.slice(-1) as keyof typeof MILLISECONDS_OF;
  return `${Math.round((Number(time.slice(0, -1)) * MILLISECONDS_OF[unit]) / speed)}ms`;
}
