import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** The result of a start in another process: the URL of the server, or the code of an error. */
export interface OtherStart {
  readonly url?: string;
  readonly code?: string;
}

/** Another Node process that runs the embedded PostgreSQL. */
export interface OtherProcess {
  /** Waits until the start of the server has succeeded or failed. */
  started(): Promise<OtherStart>;
  /** Ends the process with SIGKILL. */
  kill(): Promise<void>;
}

/** Starts the embedded PostgreSQL from another process, so that a test can kill that process. */
export function startInOtherProcess(directory: string): OtherProcess {
  const register = resolve('test/support/register-typescript.js');
  const program = resolve('test/support/embedded-postgres-program.ts');
  const child = spawn(process.execPath, ['--import', register, program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  const line = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  return {
    started: async () => JSON.parse((await line)[0]) as OtherStart,
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
