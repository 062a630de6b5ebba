import { execFile, spawnSync } from 'node:child_process';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ApiProcess } from '../support/api-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const run = promisify(execFile);

const SOURCES = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'apps', 'libs'];
/** What the build imports. */
const REQUIRE_NODE = 'apps/mes-api/src/commands/require-node.js';
/** A build compiles the whole API, and this machine may be busy with other tests. */
const PATIENCE_MS = 600_000;
const YESTERDAY = new Date(Date.now() - 24 * 3_600_000);
/** The user `nobody`, if the tests may run Node as that user, in a folder of the project. */
const OTHER_USER = mayRunAs(65_534) ? 65_534 : undefined;

/** Compiling takes most of a build. The builds after the first one have this in place of the API. */
const DOCUMENT_COMMAND = `import { copyFile } from 'node:fs/promises';
await copyFile('openapi.json', process.argv[2] ?? '');
`;

/** A command that runs without the rights that root has over the files of all users. */
function withoutRights(...command: [string, ...string[]]): [string, string[]] {
  const [program, ...options] = command;
  return process.getuid?.() === 0 ? ['setpriv', ['--bounding-set=-all', ...command]] : [program, options];
}

function mayRunAs(uid: number): boolean {
  return spawnSync(process.execPath, ['--eval', ''], { uid, cwd: 'node_modules' }).status === 0;
}

describe('a build beside a running API', () => {
  let folder: string;
  let page: string;
  let database: TestDatabase;
  let api: ApiProcess | undefined;
  let url: string;
  let environment: { DATA_DIR: string; DATABASE_URL: string };
  let first: string;

  beforeAll(async () => {
    // Characters that patterns, URLs and shells take for their own.
    folder = await realpath(await mkdtemp(join(tmpdir(), "mes-build (it's) Заказы 100% #1 [a] ")));
    await chmod(folder, 0o755);
    page = join(folder, 'apps/mes-web/src');
    database = await createTestDatabase();
    for (const source of SOURCES) await cp(source, join(folder, source), { recursive: true });
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
    await rm(page, { recursive: true });
    await mkdir(join(page, 'api'), { recursive: true });
    await writePage('first');
    await build();
    first = await readlink(join(folder, 'dist'));

    environment = { DATA_DIR: join(folder, 'data'), DATABASE_URL: database.url };
    await mkdir(environment.DATA_DIR);
    if (OTHER_USER !== undefined) await chown(environment.DATA_DIR, OTHER_USER, OTHER_USER);
    api = startApi();
    url = await api.ready();
    await cp(join(folder, 'dist/openapi.json'), join(folder, 'openapi.json'));
    await rm(join(folder, 'libs'), { recursive: true });
    await rm(join(folder, 'apps/mes-api/src'), { recursive: true });
    await cp(REQUIRE_NODE, join(folder, REQUIRE_NODE));
    await writeFile(join(folder, 'apps/mes-api/src/commands/openapi.ts'), DOCUMENT_COMMAND);
  }, PATIENCE_MS);

  afterAll(async () => {
    await api?.destroy();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  /** A page of two scripts: the second one is loaded on demand. */
  async function writePage(text: string): Promise<void> {
    await writeFile(join(page, 'main.tsx'), `void import('./more.js').then(({ text }) => (document.title = text));`);
    const suffix = `import.meta.env.DEV ? ' for developers' : ''`;
    await writeFile(join(page, 'more.ts'), `export const text = '${text}' + (${suffix});`);
  }

  async function build(): Promise<void> {
    await run('npm', ['run', '--silent', 'build'], { cwd: folder });
  }

  /** Starts the API of the last build, if possible as a user who has not built it. */
  function startApi(): ApiProcess {
    return new ApiProcess(environment, { program: join(folder, 'dist/apps/mes-api/src/main.js'), user: OTHER_USER });
  }

  async function builds(): Promise<string[]> {
    const names = await readdir(join(folder, '.builds'));
    return names.map((name) => `.builds/${name}`);
  }

  /** The paths of a built page and of all its scripts, as browsers ask for them. */
  async function pathsOf(built: string): Promise<string[]> {
    const assets = (await readdir(join(folder, built, 'apps/mes-web/assets'))).filter((name) => name.endsWith('.js'));
    return ['/', ...assets.map((name) => `/assets/${name}`)];
  }

  async function served(paths: readonly string[]): Promise<[string, number, string][]> {
    const answers = paths.map(async (path): Promise<[string, number, string]> => {
      const answer = await fetch(url + path, { headers: { 'accept-encoding': 'br' } });
      return [path, answer.status, await answer.text()];
    });
    return Promise.all(answers);
  }

  async function textsIn(built: string): Promise<string> {
    const paths = await pathsOf(built);
    const files = paths.slice(1).map((path) => readFile(join(folder, built, 'apps/mes-web', path), 'utf8'));
    return (await Promise.all(files)).join('\n');
  }

  it(
    'leaves it its whole page, also two builds at once',
    async () => {
      const paths = await pathsOf(first);
      const before = await served(paths);
      expect(before.map(([, status]) => status)).toEqual(paths.map(() => 200));
      // Old builds are removed, but not while something runs from them.
      await utimes(join(folder, first), YESTERDAY, YESTERDAY);

      await writePage('second');
      const built = new AbortController();
      const building = Promise.all([build(), build()]).finally(() => {
        built.abort();
      });
      const watching = (async () => {
        while (!built.signal.aborted) expect(await served(paths)).toEqual(before);
      })();
      await Promise.all([building, watching]);
      expect(await served(paths)).toEqual(before);
      expect(await readlink(join(folder, 'dist'))).not.toBe(first);
      const texts = await textsIn('dist');
      expect(texts).toMatch('second');
      // The environment of the tests has another NODE_ENV.
      expect(texts).not.toMatch('for developers');
      expect(await readFile(join(folder, 'dist/apps/mes-web/index.html'), 'utf8')).toMatch(/assets\/.+\.js/);
      expect(await readFile(join(page, 'api/client.ts'), 'utf8')).toContain('export function createOrder');
    },
    PATIENCE_MS,
  );

  it(
    'that fails says why and changes nothing',
    async () => {
      const current = await readlink(join(folder, 'dist'));
      const before = await builds();
      await writeFile(join(page, 'main.tsx'), `import './nowhere.js';`);
      await expect(build()).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('./nowhere.js') as string,
      });
      expect(await readlink(join(folder, 'dist'))).toBe(current);
      expect(await builds()).toEqual(before);
    },
    PATIENCE_MS,
  );

  it(
    'does not remove the build before it, even if an API runs from that which cannot register, and says so',
    async () => {
      expect((await stat(join(folder, first, 'processes'))).mode & 0o7777).toBe(0o1777);
      const former = '.builds/former';
      await cp(join(folder, first), join(folder, former), { recursive: true });
      await rm(join(folder, former, 'processes'), { recursive: true });
      // Nobody can make files in it.
      await writeFile(join(folder, former, 'processes'), '');
      await rm(join(folder, 'dist'));
      await symlink(former, join(folder, 'dist'));
      await utimes(join(folder, former), YESTERDAY, YESTERDAY);
      await writePage('third');

      const unregistered = startApi();
      try {
        await unregistered.ready();
        expect(unregistered.output).toMatch(
          /^A later build may remove the files of this process, which cannot register: ENOTDIR: not a directory, open '.+\/processes\/\d+'$/m,
        );
        await build();
        expect(await builds()).toContain(former);
      } finally {
        await unregistered.destroy();
      }
      await build();
      expect(await builds()).not.toContain(former);
    },
    PATIENCE_MS,
  );

  it(
    'removes the build of that API only after the API has ended',
    async () => {
      expect((await served(['/']))[0]?.[1]).toBe(200);
      await api?.destroy();
      const others = (await builds()).filter((name) => name !== first);
      await writePage('fourth');
      await build();
      const last = await readlink(join(folder, 'dist'));
      expect((await builds()).sort()).toEqual([...others, last].sort());
      expect(await textsIn('dist')).toMatch('fourth');
    },
    PATIENCE_MS,
  );

  it(
    'names each old build that it may not remove, and succeeds',
    async () => {
      const old = ['.builds/older', '.builds/old'].map((name) => join(folder, name));
      for (const path of old) {
        await mkdir(path);
        await writeFile(join(path, 'file'), '');
        await chmod(path, 0o555);
        await utimes(path, YESTERDAY, YESTERDAY);
      }
      await writePage('fifth');
      const { stderr } = await run(...withoutRights('npm', 'run', '--silent', 'build'), { cwd: folder });
      expect(stderr.trimEnd().split('\n').sort()).toEqual(
        old.map((path) => `Cannot remove the old build ${path}: remove it yourself (EACCES)`).sort(),
      );
      expect(await textsIn('dist')).toMatch('fifth');
      for (const path of old) await chmod(path, 0o755);
    },
    PATIENCE_MS,
  );

  it(
    'replaces the folder into which earlier versions built',
    async () => {
      await rm(join(folder, 'dist'));
      await mkdir(join(folder, 'dist/apps'), { recursive: true });
      await build();
      expect(await textsIn('dist')).toMatch('fifth');
    },
    PATIENCE_MS,
  );
});

describe('a build that cannot begin', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mes-build-'));
    for (const file of ['package.json', 'apps/build.js', REQUIRE_NODE]) await cp(file, join(folder, file));
  });

  afterEach(async () => {
    await chmod(folder, 0o755);
    await rm(folder, { recursive: true });
  });

  it('says in one sentence where it may not write', async () => {
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
    await chmod(folder, 0o555);
    const build = run(...withoutRights(process.execPath, 'apps/build.js'), { cwd: folder });
    await expect(build).rejects.toMatchObject({
      code: 1,
      stderr: `Cannot build: EACCES: permission denied, mkdir '${join(folder, '.builds')}'\n`,
    });
  });

  it('says how to install the packages for development, and changes nothing', async () => {
    const build = run(process.execPath, ['apps/build.js'], { cwd: folder });
    await expect(build).rejects.toMatchObject({
      code: 1,
      stderr: 'Cannot build: packages for development are missing. Install them: npm ci --include=dev\n',
    });
    expect((await readdir(folder)).sort()).toEqual(['apps', 'package.json']);
  });
});
