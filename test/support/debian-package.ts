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
  /** The packages of shared libraries that the package needs and that few systems have: see {@link librariesOf}. */
  readonly libraries?: readonly string[];
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
  libraries = [],
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
  await unpack([from, ...libraries], folder).catch((cause: unknown) => {
    throw new Error(`${name} is missing; install the package ${from}: "apt-get install ${from}" (Debian, Ubuntu)`, {
      cause,
    });
  });
  return path;
}

/** The environment in which a program that {@link findProgram} has unpacked finds its shared libraries. */
export async function librariesOf(path: string): Promise<NodeJS.ProcessEnv> {
  const folder = path.replace(/^(.*\/usr)\/.*/, '$1/lib');
  if (!existsSync(folder)) return {};
  // Named after the processor.
  const folders = (await readdir(folder)).map((name) => join(folder, name));
  return { LD_LIBRARY_PATH: folders.join(':') };
}

async function unpack(names: readonly string[], folder: string): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const scratch = await mkdtemp(join(folder, '..', 'unpacking-'));
  try {
    // Without lists of packages, as in a new container, apt finds none. Reading them needs root.
    await download(names, scratch).catch(async () => {
      await run('apt-get', ['update', '-qq']);
      await download(names, scratch);
    });
    const archives = (await readdir(scratch)).filter((file) => file.endsWith('.deb'));
    if (archives.length < names.length) throw new Error(`apt-get did not download ${names.join(', ')}`);
    const unpacked = join(scratch, 'unpacked');
    for (const archive of archives) await run('dpkg-deb', ['--extract', join(scratch, archive), unpacked]);
    // Another process may have been faster.
    await rename(unpacked, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function download(names: readonly string[], folder: string): Promise<void> {
  await run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', ...names], { cwd: folder });
}
