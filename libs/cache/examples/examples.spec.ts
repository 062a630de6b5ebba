import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

const LIBRARY = resolve('libs/cache');
const EXAMPLES = ['routes.ts', 'transaction.ts', 'race.ts', 'contract.ts'];

/** What an adopter has beside the packed package. */
const NEST = ['common', 'core', 'platform-fastify', 'platform-express', 'testing'];
const OTHERS = ['cache-manager', 'fastify', 'reflect-metadata', 'rxjs', '@types/node', '@types/jest'];

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2023',
    module: 'nodenext',
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node', 'jest'],
    skipLibCheck: true,
    outDir: 'dist',
  },
};

async function installed(name: string): Promise<string> {
  const file = resolve('node_modules', name, 'package.json');
  const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
  return `${name}@${version}`;
}

// The packed package in an application outside of this repository.
describe('the packed package', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cache-examples-'));
    const { stdout: tarball } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: LIBRARY });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'adopter', type: 'module', private: true }));
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    await Promise.all(EXAMPLES.map((name) => copyFile(join(LIBRARY, 'examples', name), join(folder, name))));
    const packages = await Promise.all([...NEST.map((name) => `@nestjs/${name}`), ...OTHERS].map(installed));
    const install = ['install', '--no-audit', '--no-fund', '--loglevel', 'error', `./${tarball.trim()}`, ...packages];
    await run('npm', install, { cwd: folder });
    await run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '--project', folder]);
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function outputOf(example: string, environment: NodeJS.ProcessEnv = {}): Promise<string[]> {
    const env = { ...process.env, ...environment };
    const { stdout } = await run(process.execPath, [join(folder, 'dist', example)], { env });
    return stdout.trim().split('\n');
  }

  it('caches routes, and shows a change at once', async () => {
    const example = spawn(process.execPath, [join(folder, 'dist/routes.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [url] = (await once(createInterface(example.stdout), 'line')) as [string];
      const read = async (): Promise<string> => {
        const answer = await fetch(`${url}/words/ring`);
        const { meaning } = (await answer.json()) as { meaning: string };
        return `${answer.headers.get('cache-status') ?? ''}: ${meaning}`;
      };
      expect(await read()).toBe('cache; fwd=miss; stored: a circle');
      expect(await read()).toBe('cache-near; hit: a circle');
      const change = { method: 'PUT', body: '{"meaning":"a jewel"}', headers: { 'content-type': 'application/json' } };
      expect((await fetch(`${url}/words/ring`, change)).status).toBe(200);
      expect(await read()).toBe('cache; fwd=miss; stored: a jewel');
    } finally {
      example.kill();
      await once(example, 'exit');
    }
  });

  it('caches a method, and shows what a transaction has changed', async () => {
    expect(await outputOf('transaction.js')).toEqual([
      'anna has 100, and again 100',
      'anna has 70, boris has 30',
      '1000 were refused',
      'anna has 70; 3 sums were added up',
    ]);
  });

  it.each(['fastify', 'express'])(
    'is not stale after the race that makes the stock interceptor stale, on %s',
    async (http) => {
      const shown = (await outputOf('race.js', { HTTP: http })).filter((line) => line.includes('reader C'));
      expect(shown.map((line) => line.replace(/.*given: /, ''))).toEqual(['old, which is stale', 'new']);
    },
  );

  it('passes the contract suite as an adopter runs it', async () => {
    const config = JSON.stringify({ testMatch: ['<rootDir>/dist/contract.js'], transform: {} });
    const jest = ['--experimental-vm-modules', resolve('node_modules/jest/bin/jest.js'), '--rootDir', folder];
    const results = await run(process.execPath, [...jest, '--config', config, '--json']);
    const { success, numPassedTests } = JSON.parse(results.stdout) as { success: boolean; numPassedTests: number };
    expect(success).toBe(true);
    expect(numPassedTests).toBeGreaterThan(30);
  });
});
