import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program and the package of Debian and Ubuntu that contains it. */
export interface PackagedProgram {
  readonly name: string;
  readonly package: string;
  /** The folder of the program in the package; `usr/bin` by default. */
  readonly folder?: string;
  /** The argument that makes the program print its version; `--version` by default. */
  readonly versionArgument?: string;
}

/**
 * The path of a program: the installed one or, on Debian and Ubuntu, that of its package, which is downloaded and unpacked, but not
 * installed. The next run finds it in the folder for temporary files.
 *
 * @throws Error with one line that says what to install
 */
export async function findProgram({
  name,
  package: from,
  folder: inside = 'usr/bin',
  versionArgument = '--version',
}: PackagedProgram): Promise<string> {
  const isInstalled = await run(name, [versionArgument]).then(
    () => true,
    () => false,
  );
  if (isInstalled) return name;
  const folder = join(tmpdir(), `mes-packages-${userInfo().uid}`, from);
  const path = join(folder, inside, name);
  if (existsSync(path)) return path;
  await unpack(from, folder).catch((cause: unknown) => {
    throw new Error(`${name} is missing; install the package ${from}: "apt-get install ${from}" (Debian, Ubuntu)`, {
      cause,
    });
  });
  return path;
}

async function unpack(name: string, folder: string): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const scratch = await mkdtemp(join(folder, '..', 'unpacking-'));
  try {
    // Without lists of packages, as in a new container, apt finds none. Reading them needs root.
    await download(name, scratch).catch(async () => {
      await run('apt-get', ['update', '-qq']);
      await download(name, scratch);
    });
    const archive = (await readdir(scratch)).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get downloaded no package ${name}`);
    const unpacked = join(scratch, 'unpacked');
    await run('dpkg-deb', ['--extract', join(scratch, archive), unpacked]);
    // Another process may have been faster.
    await rename(unpacked, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function download(name: string, folder: string): Promise<void> {
  await run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', name], { cwd: folder });
}
