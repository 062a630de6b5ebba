import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { redisScripts } from '../../libs/cache/src/redis/redis-scripts.js';

/** The call of the sweeper's script. The first one sends its text, all others its digest. */
const isSweep = (command: string): boolean =>
  command.includes(redisScripts.sweepExpired.SHA1) || command.includes('return swept');

/** A MONITOR connection to a Redis server, which records every command. */
export class RedisMonitor {
  private readonly lines: string[] = [];
  private rest = '';

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (this.rest + chunk).split('\r\n');
      this.rest = lines.pop() ?? '';
      this.lines.push(...lines);
    });
  }

  static async open(url: string): Promise<RedisMonitor> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const monitor = new RedisMonitor(socket);
    socket.write('MONITOR\r\n');
    await monitor.until((line) => line === '+OK');
    return monitor;
  }

  /**
   * The commands since the last call, in the format of MONITOR without time and sender, e.g. `"GET" "key"`. They include the
   * commands in scripts, but not what is sent at intervals.
   *
   * @param url the URL of the server, to send a marker after all earlier commands
   */
  async take(url: string): Promise<string[]> {
    const mark = `end-${Math.random()}`;
    const { hostname, port } = new URL(url);
    const marker = connect(Number(port), hostname, () => marker.end(`ECHO ${mark}\r\n`));
    await this.until((line) => line.includes(mark));
    const end = this.lines.findIndex((line) => line.includes(mark));
    const taken = this.lines.splice(0, end + 1).filter((line) => line.startsWith('+') && line.includes('"'));
    return withoutIntervals(taken.filter((line) => !line.includes(mark)));
  }

  close(): void {
    this.socket.destroy();
  }

  private async until(matches: (line: string) => boolean): Promise<void> {
    while (!this.lines.some(matches)) await once(this.socket, 'data');
  }
}

/** A command within a script, which follows the call of the script. */
const WITHIN_SCRIPT = /^\+[\d.]+ \[\d+ lua\]/;

/**
 * The commands of these lines, without what is sent at intervals: the question for the eviction policy, and the scripts that renew a
 * presence key or sweep, with the commands in them.
 */
function withoutIntervals(lines: readonly string[]): string[] {
  let isKept = true;
  return lines.flatMap((line) => {
    const command = line.slice(line.indexOf(']') + 2);
    if (!WITHIN_SCRIPT.test(line)) {
      isKept = !command.includes(':member:') && !isSweep(command) && command !== '"INFO" "memory"';
    }
    return isKept ? [command] : [];
  });
}
