import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * A script that waits for the end of a pipe, which the kernel closes when the test run dies. Then it ends the server and cleans
 * up.
 */
const SCRIPT = `
cat > /dev/null
pid=$1; shift
kill -QUIT "$pid"
tries=0
while kill -0 "$pid" && [ "$tries" -lt 40 ]; do sleep 0.05; tries=$((tries + 1)); done
kill -KILL "$pid"
rm -rf -- "$@"
`;

/**
 * Starts a watchdog. It ends a server and removes its files if this process dies first, even by SIGKILL.
 *
 * @returns a function that ends the watchdog
 */
export function watchOver(pid: number, paths: readonly string[]): () => void {
  const watchdog = spawn('/bin/sh', ['-c', SCRIPT, 'watchdog', String(pid), ...paths], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A new session: a signal to the process group of the test run must not reach the watchdog.
    detached: true,
  });
  // Neither the process nor the pipe may keep a finished test run alive.
  watchdog.unref();
  if (watchdog.stdin instanceof Socket) watchdog.stdin.unref();
  return () => {
    watchdog.kill('SIGKILL');
  };
}
