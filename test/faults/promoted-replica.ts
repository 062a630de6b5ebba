import { execFile } from 'node:child_process';
import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { EmbeddedPostgres } from '../../libs/database/src/embedded/embedded-postgres.js';
import { watchOver } from '../support/watchdog.js';

const run = promisify(execFile);
/** Settings for recovery to the end of the copy, and for promotion, which begins a new timeline. */
const SETTINGS = {
  hot_standby: 'off',
  restore_command: '/bin/false',
  recovery_target: 'immediate',
  recovery_target_action: 'promote',
  fsync: 'off',
};

/**
 * A PostgreSQL server that replaces another one and has its data up to a moment, like a promoted replica without the last
 * commits or a point-in-time recovery.
 */
export class PromotedReplica {
  private constructor(
    private readonly server: EmbeddedPostgres,
    private readonly directory: string,
    private readonly callOffWatch: () => void,
  ) {}

  /** Copies a running server. The replica lacks all later commits. */
  static async copy(url: string): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'mes-replica-'));
    await chmod(directory, 0o711);
    const data = join(directory, 'postgres');
    const session = new pg.Client(url);
    await session.connect();
    try {
      const { rows: settings } = await session.query<{ data: string }>(
        `SELECT current_setting('data_directory') AS data`,
      );
      const original = settings[0]?.data ?? '';
      await session.query(`SELECT pg_backup_start('replica', true)`);
      await run('cp', ['-a', original, data]);
      const { rows: stop } = await session.query<{ label: string }>(
        'SELECT labelfile AS label FROM pg_backup_stop(false)',
      );
      // The write-ahead log contains the end of the backup only now.
      await run('cp', ['-a', join(original, 'pg_wal'), data]);
      await rm(join(data, 'postmaster.pid'), { force: true });
      const { uid, gid } = await stat(data);
      for (const [name, text] of Object.entries({ backup_label: stop[0]?.label ?? '', 'recovery.signal': '' })) {
        await writeFile(join(data, name), text);
        await chown(join(data, name), uid, gid);
      }
      await writeFile(join(directory, 'postgres-password'), new URL(url).password, { mode: 0o600 });
      return directory;
    } finally {
      await session.end();
    }
  }

  /** Starts a server on a copy. */
  static async promote(directory: string, settings: Readonly<Record<string, string>>): Promise<PromotedReplica> {
    const server = await EmbeddedPostgres.start({ directory, settings: { ...settings, ...SETTINGS } });
    return new PromotedReplica(server, directory, watchOver(server.pid, [directory]));
  }

  get url(): string {
    return this.server.url;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    this.callOffWatch();
    await rm(this.directory, { recursive: true, force: true });
  }
}
