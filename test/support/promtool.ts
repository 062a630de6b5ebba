import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { findProgram } from './debian-package.js';

export interface PromtoolResult {
  readonly exitCode: number | null;
  /** Both outputs. */
  readonly output: string;
}

/** Runs promtool, the checker of Prometheus. */
export async function promtool(args: readonly string[], input = ''): Promise<PromtoolResult> {
  const program = await findProgram({ name: 'promtool', package: 'prometheus' });
  const child = spawn(program, [...args], { stdio: 'pipe' });
  child.stdin.end(input);
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { exitCode, output: `${stdout}${stderr}` };
}
