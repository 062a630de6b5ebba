import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CommandError } from '../../apps/mes-api/src/commands/command-failure.js';

const run = promisify(execFile);

/** The build of an earlier commit, in a temporary folder. */
export class OlderBuild {
  private constructor(
    private readonly folder: string,
    /** The API as users start it. */
    readonly program: string,
  ) {}

  /**
   * Installs and builds what the repository held at a commit.
   *
   * @throws {CommandError} if the repository does not have this commit
   */
  static async of(commit: string): Promise<OlderBuild> {
    const folder = await mkdtemp(join(tmpdir(), 'mes-older-build-'));
    try {
      await extract(commit, folder);
      await run('npm', ['ci', '--include=dev'], { cwd: folder });
      await run('npm', ['run', '--silent', 'build'], { cwd: folder });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    return new OlderBuild(folder, join(folder, 'dist/apps/mes-api/src/main.js'));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function extract(commit: string, folder: string): Promise<void> {
  // An option in the place of a commit would be one of git.
  const id = await git('rev-parse', '--verify', '--end-of-options', `${commit}^{commit}`);
  const archive = join(folder, 'sources.tar');
  await git('archive', '--output', archive, id);
  await run('tar', ['-xf', archive, '-C', folder]);
}

async function git(...args: string[]): Promise<string> {
  try {
    return (await run('git', args)).stdout.trim();
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    throw new CommandError(`git ${args[0] ?? ''} failed: ${stderr?.trim() ?? String(error)}`);
  }
}
