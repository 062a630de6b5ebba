import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { eventually } from '../../support/eventually.js';
import { watchOver } from '../../support/watchdog.js';

const START_PATIENCE_MS = 60_000;
const STOP_PATIENCE_MS = 10_000;
const LOADER = resolve('test/support/register-typescript.js');

export interface ServerProgram {
  readonly name: string;
  /** Path of a program that prints its address. */
  readonly program: string;
  /** The whole environment of the process, except PATH and PORT. */
  readonly environment: Readonly<Record<string, string>>;
  /** Working directory, where no `.env` can be. It is removed if the benchmark is killed. */
  readonly directory: string;
}

/** A server in its own process. */
export class ServerProcess {
  private output = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private readonly callOffWatch: () => void;
  private address = '';

  private constructor(
    readonly name: string,
    { program, environment, directory }: ServerProgram,
  ) {
    this.child = spawn(process.execPath, ['--import', LOADER, resolve(program)], {
      env: { PATH: process.env.PATH, PORT: '0', ...environment },
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output = (this.output + text).slice(-10_000)));
    }
    this.callOffWatch = this.child.pid === undefined ? () => undefined : watchOver(this.child.pid, [directory]);
  }

  /** Starts the server and waits until it prints its address. */
  static async start(program: ServerProgram): Promise<ServerProcess> {
    const server = new ServerProcess(program.name, program);
    try {
      server.address = await eventually(() => {
        server.checkAlive();
        return /http:\/\/127\.0\.0\.1:\d+/.exec(server.output)?.[0];
      }, START_PATIENCE_MS);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get url(): string {
    return this.address;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} is not running`);
    return this.child.pid;
  }

  /** @throws Error with the last output if the process has ended */
  checkAlive(): void {
    if (this.child.exitCode === null && this.child.signalCode === null) return;
    throw new Error(`${this.name} has ended:\n${this.output}`);
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const killing = setTimeout(() => this.child.kill('SIGKILL'), STOP_PATIENCE_MS);
    await this.ended;
    clearTimeout(killing);
    this.callOffWatch();
  }
}
