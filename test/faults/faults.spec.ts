import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The faults that take little time. `npm run faults` injects all faults and judges the hits. */
const FAULTS = [
  ...['redis-hung', 'cut-off', 'listening-vanished', 'postgres-vanished', 'rolling-restart'],
  ...['cluster-failed-over', 'sentinels-failed-over', 'pooler-hung'],
];

describe('several instances under load', () => {
  it('show nothing stale, lose no write and fail no request without need during faults', async () => {
    const program = ['--import', './test/support/register-typescript.js', 'test/faults/main.ts'];
    const options = ['--only', FAULTS.join(','), '--seconds', '2', '--busy'];
    const { stdout } = await promisify(execFile)(process.execPath, [...program, ...options]).catch((error: unknown) => {
      const { stdout: report = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`${report}${stderr}` || String(error));
    });
    expect(stdout.trim().split('\n')).toHaveLength(FAULTS.length + 2);
  }, 1_800_000);
});
