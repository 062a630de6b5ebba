import { execFile, type ExecFileException } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Node compiles the sources of a command before it runs. */
const PATIENCE_MS = 300_000;
const REGISTER = resolve('test/support/register-typescript.js');
/** Versions of Node.js that the one that runs the tests is too old or too new for. */
const NEXT_NODE = process.versions.node.replace(/\d+$/, (patch) => String(Number(patch) + 1));
const OLD_NODE = '18.20.8';
const UNKNOWN_OPTION = [1, '', expect.stringMatching(/^[^\n:]+: Unknown option '--rolle'; --help shows the usage\n$/)];

describe('a command', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mes-commands-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Runs a command in an empty folder, without configuration. */
  function command(name: string, ...args: string[]): Promise<Outcome> {
    return execute(resolve(`apps/mes-api/src/commands/${name}.ts`), ...args);
  }

  function execute(program: string, ...args: string[]): Promise<Outcome> {
    const options = { cwd: folder, env: { PATH: process.env.PATH } };
    return new Promise((done) => {
      execFile(process.execPath, ['--import', REGISTER, program, ...args], options, (error, stdout, stderr) => {
        const { code } = (error ?? { code: 0 }) as ExecFileException;
        done({ exitCode: Number(code), stdout, stderr });
      });
    });
  }

  it.each([
    ['token', '--role'],
    ['sample', '--orders'],
    ['migrate', '--grant-to'],
    ['openapi', '[file]'],
    ['../main', 'npm start'],
  ])(
    'shows its usage, and does nothing else: %s',
    async (name, option) => {
      const { exitCode, stdout, stderr } = await command(name, '--help');
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^[A-Z][^\n]+\.\n\n/);
      expect(stdout).toContain(option);
      expect(stdout).toContain('--help');
      expect(await readdir(folder)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it.each(['token', 'sample', 'migrate', 'openapi', '../main'])(
    'names an unknown option in one sentence: %s',
    async (name) => {
      const { exitCode, stdout, stderr } = await command(name, '--rolle', 'admin');
      expect([exitCode, stdout, stderr]).toEqual(UNKNOWN_OPTION);
      expect(await readdir(folder)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it.each([
    ['token', ['--role', 'boss'], 'Cannot make a token: --role must be one of operator, partner, viewer, admin'],
    ['token', ['--role'], "Cannot make a token: Option '--role <value>' argument missing; --help shows the usage"],
    ['token', ['--role', '--subject', 'a'], "Cannot make a token: Option '--role' argument is ambiguous; --help shows"],
    ['token', ['--lifetime', 'long'], 'Cannot make a token: --lifetime must be a time such as 30m, 12h or 7d'],
    ['token', ['--lifetime', '0s'], 'Cannot make a token: --lifetime must be a time such as 30m, 12h or 7d'],
    ['token', ['--lifetime', '1 year ago'], 'Cannot make a token: --lifetime must be a time such as 30m, 12h or 7d'],
    ['token', ['--subject', 'Анна'], 'Cannot make a token: --subject must be 1 to 255 visible ASCII characters'],
    ['migrate', [], 'Cannot migrate the database: DATABASE_URL must be set, with the role that owns the tables'],
    ['migrate', ['--grant-to', ''], 'Cannot migrate the database: --grant-to must name a role'],
    ['openapi', ['a.json', 'b.json'], 'Cannot write the OpenAPI document: one file is enough'],
    ['../main', ['80'], "MES Orders API cannot start: Unexpected argument '80'; --help shows the usage"],
    ['../main', ['--help=me'], "MES Orders API cannot start: Option '--help' does not take an argument; --help shows"],
    ['token', ['admin'], "Cannot make a token: Unexpected argument 'admin'; --help shows the usage"],
    ['sample', ['1000'], "Cannot load the sample: Unexpected argument '1000'; --help shows the usage"],
    ['migrate', ['mes_api'], "Cannot migrate the database: Unexpected argument 'mes_api'; --help shows the usage"],
    ['openapi', ['no/folder.json'], 'Cannot write the OpenAPI document: ENOENT: no such file or directory'],
  ] as const)(
    'refuses wrong values in one sentence: %s %j',
    async (name, args, sentence) => {
      const { exitCode, stdout, stderr } = await command(name, ...args);
      expect([exitCode, stdout]).toEqual([1, '']);
      expect(stderr.slice(0, sentence.length)).toBe(sentence);
      expect(stderr).toMatch(/^[^\n]+\n$/);
      expect(await readdir(folder)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'names the Node.js that it needs in one sentence',
    async () => {
      const description = JSON.parse(await readFile('package.json', 'utf8')) as object;
      const demanding = { ...description, engines: { node: `^${OLD_NODE} || >=${NEXT_NODE}` } };
      await writeFile(join(folder, 'package.json'), JSON.stringify(demanding));
      await cp('apps/mes-api/src', join(folder, 'apps/mes-api/src'), { recursive: true });
      await cp('apps/build.js', join(folder, 'apps/build.js'));
      await symlink(resolve('node_modules'), join(folder, 'node_modules'));
      const needed = `${OLD_NODE} or a later 18, or ${NEXT_NODE} or newer`;
      const stderr = `Node.js ${needed} is needed; this is ${process.versions.node}.\n`;
      for (const name of [
        'build.js',
        ...['main', 'commands/token', 'commands/sample', 'commands/migrate'].map(
          (program) => `mes-api/src/${program}.ts`,
        ),
      ]) {
        const outcome = await execute(join(folder, 'apps', name), '--help');
        expect({ name, ...outcome }).toEqual({ name, exitCode: 1, stdout: '', stderr });
      }
    },
    PATIENCE_MS,
  );

  it(
    'does what it is for',
    async () => {
      const token = await command('token', '--role', 'partner', '--role', 'viewer', '--subject', 'partner-7');
      expect(token).toMatchObject({ exitCode: 0, stderr: '' });
      const claims = Buffer.from(token.stdout.split('.')[1] ?? '', 'base64url').toString();
      expect(JSON.parse(claims)).toMatchObject({ sub: 'partner-7', roles: ['partner', 'viewer'] });

      expect(await command('openapi', 'api.json')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
      expect(JSON.parse(await readFile(join(folder, 'api.json'), 'utf8'))).toMatchObject({ openapi: '3.1.0' });
    },
    PATIENCE_MS,
  );
});
