// Builds the API and the operators' page: `npm run build`. Each build has a folder of its own, and `dist` is a link to the last one
// that succeeded. So a running API keeps its files, a failed build changes nothing, and builds do not disturb each other.
import './mes-api/src/commands/require-node.js';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const BUILDS = join(ROOT, '.builds');
const LINK = join(ROOT, 'dist');
/** The typed client of the page. It is one of its sources, generated from the OpenAPI document. */
const CLIENT = join(ROOT, 'apps/mes-web/src/api/client.ts');
/** The processes that run from a build: files that are named by their ids. `hold-build.ts` writes them. */
const PROCESSES = 'processes';
/** Younger builds are kept, because something may be starting from them. In milliseconds. */
const MIN_AGE = 3_600_000;

/** The packages that a build uses. `npm ci --omit=dev` leaves them out, and so does `NODE_ENV=production npm ci`. */
const TOOLS = ['typescript', 'oazapfts', 'vite'];

class StepFailedError extends Error {}

if (!TOOLS.every((name) => existsSync(join(ROOT, 'node_modules', name)))) {
  console.error('Cannot build: packages for development are missing. Install them: npm ci --include=dev');
  process.exit(1);
}
const build = join(BUILDS, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${process.pid}`);
let former;
try {
  await mkdir(BUILDS, { recursive: true });
  await mkdir(build);
  await make();
  former = await swapIn();
} catch (error) {
  // What cannot be removed now is left to later builds.
  await rm(build, { recursive: true, force: true }).catch(() => undefined);
  const isOfFiles = error.syscall !== undefined;
  if (isOfFiles) console.error(`Cannot build: ${error.message}`);
  // A step has said why it failed.
  else if (!(error instanceof StepFailedError)) throw error;
  process.exit(1);
}
await removeUnused(former);

async function make() {
  const compilerOptions = { outDir: '.' };
  const settings = join(build, 'tsconfig.json');
  await writeFile(settings, JSON.stringify({ extends: '../../tsconfig.build.json', compilerOptions }));
  run('node_modules/typescript/bin/tsc', '--project', settings);
  await rm(settings);
  await findLibraries();
  await mkdir(join(build, PROCESSES));
  // The API may run as another user than the one who builds. Each removes only files of its own.
  await chmod(join(build, PROCESSES), 0o1777);

  const document = join(build, 'openapi.json');
  run(join(build, 'apps/mes-api/src/commands/openapi.js'), document);
  const client = join(build, 'client.ts');
  run('node_modules/oazapfts/dist/cli.js', '--argumentStyle=object', '--futureStripLegacyMethods', document, client);
  // In one step: another build may be reading it.
  await rename(client, CLIENT);

  const page = join(build, 'apps/mes-web');
  run(
    'node_modules/vite/bin/vite.js',
    'build',
    '--logLevel',
    'error',
    '--outDir',
    page,
    '--emptyOutDir',
    'apps/mes-web',
  );
}

/** Makes the imports of the libraries relative, because Node does not know their names. */
async function findLibraries() {
  const { compilerOptions } = JSON.parse(await readFile(join(ROOT, 'tsconfig.json'), 'utf8'));
  for (const name of await readdir(build, { recursive: true })) {
    if (!name.endsWith('.js')) continue;
    const file = join(build, name);
    const script = await readFile(file, 'utf8');
    const found = script.replaceAll(/(?<=from ')@mes\/[^']+(?=')/g, (library) => {
      const [source] = compilerOptions.paths[library];
      return relative(dirname(file), join(build, source)).replace(/\.ts$/, '.js');
    });
    if (found !== script) await writeFile(file, found);
  }
}

/** Runs a program of Node at the top level. */
function run(program, ...options) {
  // Vite would make a page for developers if the shell has another NODE_ENV.
  const env = { ...process.env, NODE_ENV: 'production' };
  const { status } = spawnSync(process.execPath, [program, ...options], { cwd: ROOT, env, stdio: 'inherit' });
  if (status !== 0) throw new StepFailedError();
}

/** Makes `dist` lead to the new build, in one step. Returns the inode of the build that it led to before, if there was one. */
async function swapIn() {
  const former = await stat(LINK).catch(() => undefined);
  const current = await lstat(LINK).catch(() => undefined);
  // Earlier versions built into a folder of that name.
  if (current?.isDirectory()) await rename(LINK, `${build}-former`);
  const link = `${build}-link`;
  await symlink(relative(ROOT, build), link);
  await rename(link, LINK);
  return former?.ino;
}

/**
 * Removes old builds that no process runs from, and what interrupted builds have left. The former build stays: a process that could not
 * register may run from it.
 */
async function removeUnused(former) {
  const { ino: current } = await stat(LINK);
  for (const name of await readdir(BUILDS)) {
    const path = join(BUILDS, name);
    const { ino, mtimeMs } = await lstat(path).catch(() => ({ ino: current }));
    if (ino === current || ino === former || Date.now() - mtimeMs < MIN_AGE || (await isInUse(path))) continue;
    await rm(path, { recursive: true, force: true }).catch(({ code }) => {
      console.error(`Cannot remove the old build ${path}: remove it yourself (${code})`);
    });
  }
}

async function isInUse(path) {
  const ids = await readdir(join(path, PROCESSES)).catch(() => []);
  return ids.some((id) => isRunning(Number(id)));
}

function isRunning(id) {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
