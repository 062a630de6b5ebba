import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { eventually } from './eventually.js';

/** The API as a process of its own, started like a user starts it. */
export class ApiProcess {
  /** What it has written so far, to both outputs. */
  output = '';
  private readonly child: ChildProcess;
  private readonly exit: Promise<number | null>;

  /** @param environment replaces that of the tests, but for PATH */
  constructor(environment: Readonly<Record<string, string>>) {
    const loader = resolve('test/support/register-typescript.js');
    this.child = spawn(process.execPath, ['--import', loader, resolve('apps/mes-api/src/main.ts')], {
      env: { PATH: process.env.PATH, PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.exit = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** Waits until it says where it is, and returns that. */
  async ready(): Promise<string> {
    return eventually(() => {
      if (this.child.exitCode !== null) throw new Error(`the API has ended:\n${this.output}`);
      return this.output.includes('/docs') ? /http:\/\/\S+:\d+/.exec(this.output)?.[0] : undefined;
    }, 60_000);
  }

  /** Sends a signal. */
  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Resolves with the exit code. */
  ended(): Promise<number | null> {
    return this.exit;
  }

  /** Ends it in any case. */
  async destroy(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await this.exit;
  }
}
