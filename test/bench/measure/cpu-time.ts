import { readFile } from 'node:fs/promises';

/** Of the clock that Linux counts the time of processes in, whatever the kernel's own. */
const TICK_US = 10_000;
/** Positions in /proc/<pid>/stat after the name, which is in parentheses: proc(5). */
const [UTIME, STIME] = [11, 12];

/** User and system time of a process so far, in microseconds; nothing where there is no /proc. */
export async function cpuTimeOf(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_US;
}

/** The sum over several processes. */
export async function cpuTimeOfAll(pids: readonly number[]): Promise<number | undefined> {
  const times = await Promise.all(pids.map(cpuTimeOf));
  return times.reduce((sum, time) => (sum === undefined || time === undefined ? undefined : sum + time), 0);
}
