import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { eventually } from './eventually.js';
import { watchOver } from './watchdog.js';

const LOADER = resolve('test/support/register-typescript.js');
const START_PATIENCE_MS = 180_000;

/** Environment variables with limits that a busy machine does not exceed by itself. */
export const PATIENT = {
  REDIS_DEADLINE_MS: '10000',
  MAX_EVENT_LOOP_DELAY_MS: '60000',
  KEEP_ALIVE_SECONDS: '3600',
};

export interface ApiProcessOptions {
  /** Another program that prints its address in the same way. */
  readonly program?: string;
  /** Modules that Node loads before the program. */
  readonly preloads?: readonly string[];
  /** Working directory. */
  readonly directory?: string;
  /** The descriptor of a file that gets standard output, which the tests then do not see. */
  readonly standardOutput?: number;
  /** The id of the user that the process runs as. Only root may set it. */
  readonly user?: number | undefined;
}

/** The API in another process, started as a user starts it. */
export class ApiProcess {
  /** The output so far, from stdout and stderr. */
  output = '';
  private readonly child: ChildProcess;
  private readonly exit: Promise<number | null>;

  /** @param environment replaces the environment of the tests, except PATH */
  constructor(
    environment: Readonly<Record<string, string>>,
    { program = 'apps/mes-api/src/main.ts', preloads = [], directory, standardOutput, user }: ApiProcessOptions = {},
  ) {
    const imports = [LOADER, ...preloads.map((path) => resolve(path))].flatMap((path) => ['--import', path]);
    this.child = spawn(process.execPath, [...imports, resolve(program)], {
      env: { PATH: process.env.PATH, PORT: '0', ...environment },
      cwd: directory,
      uid: user,
      stdio: ['ignore', standardOutput ?? 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    const callOffWatch = this.child.pid === undefined ? () => undefined : watchOver(this.child.pid, []);
    this.exit = once(this.child, 'close').then(([code]) => {
      callOffWatch();
      return code as number | null;
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the API is not running');
    return this.child.pid;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Waits until the process prints its URL, and returns the URL. */
  async ready(): Promise<string> {
    return eventually(() => {
      if (!this.isRunning) throw new Error(`the API ended:\n${this.output}`);
      // The log may name other addresses before.
      return /(http:\/\/\S+:\d+)\S*\/docs/.exec(this.output)?.[1];
    }, START_PATIENCE_MS);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Goes on to send signals to a process that is stopping, until it waits for nothing any more. */
  async hurry(): Promise<void> {
    await eventually(() => {
      this.signal('SIGINT');
      return !this.isRunning;
    });
  }

  /** Waits for the end of the process, and returns its exit code. */
  ended(): Promise<number | null> {
    return this.exit;
  }

  /** Ends the process with SIGTERM if it is still running. */
  async destroy(): Promise<void> {
    if (this.isRunning) this.child.kill('SIGTERM');
    await this.exit;
  }
}
