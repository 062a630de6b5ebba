import { execFile } from 'node:child_process';
import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgres } from '../../libs/database/src/embedded/embedded-postgres.js';
import { eventually } from '../support/eventually.js';
import { watchOver } from '../support/watchdog.js';
import { withSession } from '../support/with-session.js';

const run = promisify(execFile);
/** Settings for recovery to the end of the copy, and for promotion, which begins a new timeline. */
const RECOVERY_SETTINGS = {
  hot_standby: 'off',
  restore_command: '/bin/false',
  recovery_target: 'immediate',
  recovery_target_action: 'promote',
  fsync: 'off',
};

/** A PostgreSQL server that replaces another one, as a replica or a point-in-time recovery does. */
export class PromotedReplica {
  private constructor(
    private readonly server: EmbeddedPostgres,
    private readonly directory: string,
    private readonly callOffWatch: () => void,
  ) {}

  /**
   * Copies a running server into a folder. A server on the copy lacks all later commits, unless it is a standby, which goes on to
   * receive them.
   */
  static async copy(url: string, signal: 'recovery.signal' | 'standby.signal' = 'recovery.signal'): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'mes-replica-'));
    await chmod(directory, 0o711);
    const data = join(directory, 'postgres');
    return withSession(url, async (session) => {
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
      for (const [name, text] of Object.entries({ backup_label: stop[0]?.label ?? '', [signal]: '' })) {
        await writeFile(join(data, name), text);
        await chown(join(data, name), uid, gid);
      }
      await writeFile(join(directory, 'postgres-password'), new URL(url).password, { mode: 0o600 });
      return directory;
    });
  }

  /** Starts a server on a copy, as a primary. */
  static promote(directory: string, settings: Readonly<Record<string, string>>): Promise<PromotedReplica> {
    return PromotedReplica.start(directory, { ...settings, ...RECOVERY_SETTINGS });
  }

  /** Starts a hot standby, and waits until the primary confirms no commit that the standby has not got. */
  static async follow(url: string, settings: Readonly<Record<string, string>>): Promise<PromotedReplica> {
    const directory = await PromotedReplica.copy(url, 'standby.signal');
    const { hostname, port, username, password } = new URL(url);
    const conninfo = { host: hostname, port, user: username, password, application_name: 'standby' };
    const primary_conninfo = Object.entries(conninfo)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ');
    const standby = await PromotedReplica.start(directory, { ...settings, primary_conninfo, fsync: 'off' });
    await withSession(url, async (primary) => {
      await primary.query(`ALTER SYSTEM SET synchronous_standby_names = 'standby'`);
      await primary.query('SELECT pg_reload_conf()');
      await eventually(async () => {
        const { rows } = await primary.query(`SELECT FROM pg_stat_replication WHERE sync_state = 'sync'`);
        return rows.length === 1;
      });
    });
    return standby;
  }

  private static async start(directory: string, settings: Readonly<Record<string, string>>): Promise<PromotedReplica> {
    const server = await EmbeddedPostgres.start({ directory, settings });
    return new PromotedReplica(server, directory, watchOver(server.pid, [directory]));
  }

  /** Makes a primary of a standby. */
  async becomePrimary(): Promise<void> {
    await withSession(this.url, (standby) => standby.query('SELECT pg_promote()'));
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
