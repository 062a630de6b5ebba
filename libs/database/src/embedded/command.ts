import { spawn } from 'node:child_process';

/** The user PostgreSQL's processes run as. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** How a command ended. */
export interface CommandResult {
  /** Undefined when the command could not be started or was ended by a signal. */
  readonly exitCode: number | undefined;
  /** Standard output and standard error as they came, or why the command could not be started. */
  readonly output: string;
}

/**
 * What PostgreSQL's programs see of our environment: nothing, since the API's holds secrets, and since PGPORT, LANG and
 * their like would change what they do.
 */
export const SERVER_ENVIRONMENT: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/**
 * Runs a program to its end. A program that fails or is missing is an answer here, not an exception.
 *
 * @param user the user to run as, which only root may choose; undefined for the user of this process
 */
export function runCommand(file: string, args: readonly string[], user?: ServerUser): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      ...user,
      // Our own working directory may be closed to that user, and PostgreSQL's programs begin by asking where they are.
      cwd: '/',
      env: SERVER_ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', (error) => {
      resolve({ exitCode: undefined, output: error.message });
    });
    child.on('close', (code) => {
      resolve({ exitCode: code ?? undefined, output });
    });
  });
}
