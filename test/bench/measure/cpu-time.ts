import { readFile } from 'node:fs/promises';

/** Length of a clock tick in which Linux counts CPU time, in microseconds. It does not depend on the kernel's timer. */
const TICK_US = 10_000;
/** Positions of the fields in /proc/<pid>/stat after the name, which is in parentheses: proc(5). */
const [UTIME, STIME] = [11, 12];

/** User and system time of a process, in microseconds; undefined where there is no /proc. */
export async function cpuTimeOf(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_US;
}

/** The total of several processes. */
export async function cpuTimeOfAll(pids: readonly number[]): Promise<number | undefined> {
  const times = await Promise.all(pids.map(cpuTimeOf));
  return times.reduce((sum, time) => (sum === undefined || time === undefined ? undefined : sum + time), 0);
}
