import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** As strict as a careful user compiles a client, for Node. Some generators read these settings, too. */
const SETTINGS = {
  compilerOptions: {
    ...{ strict: true, noUncheckedIndexedAccess: true, skipLibCheck: true },
    ...{ target: 'es2023', lib: ['es2023', 'dom', 'dom.iterable'], module: 'nodenext', types: ['node'] },
  },
};

/** The generators, with what they are started with. */
const GENERATORS = {
  /** Generates `client.ts`. */
  oazapfts: (documentUrl: string) => ['oazapfts/dist/cli.js', documentUrl, 'client.ts'],
  /** Generates `schema.ts`, types for `openapi-fetch`. */
  'openapi-typescript': (documentUrl: string) => [
    'openapi-typescript/bin/cli.js',
    ...[documentUrl, '--output', 'schema.ts'],
  ],
  /** Generates the folder `client`, with schemas of Zod. */
  '@hey-api/openapi-ts': (documentUrl: string) => [
    '@hey-api/openapi-ts/bin/run.js',
    ...['--input', documentUrl, '--output', 'client', '--no-log-file'],
    ...['--plugins', '@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk', 'zod'],
  ],
} as const;

/** A folder with a program and a client that was generated from an OpenAPI document. */
export class GeneratedClient {
  private constructor(private readonly folder: string) {}

  /** Generates a client from the URL of the document, like any user of the API. */
  static async generate(generator: keyof typeof GENERATORS, documentUrl: string): Promise<GeneratedClient> {
    const folder = await mkdtemp(join(tmpdir(), 'mes-client-'));
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(SETTINGS));
    const [program, ...options] = GENERATORS[generator](documentUrl);
    await run(process.execPath, [resolve('node_modules', program ?? ''), ...options], { cwd: folder });
    return new GeneratedClient(folder);
  }

  /**
   * Compiles the client and a program that uses it, in strict mode.
   *
   * @throws Error with the messages of the compiler
   */
  async compile(program: string): Promise<void> {
    await writeFile(join(this.folder, 'program.ts'), program);
    try {
      await run(process.execPath, [resolve('node_modules/typescript/bin/tsc')], { cwd: this.folder });
    } catch (error) {
      throw new Error((error as { stdout?: string }).stdout, { cause: error });
    }
  }

  /** Runs the compiled program, and returns the JSON that it prints. */
  async run(environment: Readonly<Record<string, string>>): Promise<unknown> {
    const program = join(this.folder, 'program.js');
    const { stdout } = await run(process.execPath, [program], { env: { ...process.env, ...environment } });
    return JSON.parse(stdout);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
