import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const OPTIONS =
  '--strict --noUncheckedIndexedAccess --skipLibCheck --module nodenext --target es2023 --lib es2023,dom,dom.iterable --types node';

/** A folder with a program and a client that was generated from an OpenAPI document. */
export class GeneratedClient {
  private constructor(private readonly folder: string) {}

  /** Generates `client.ts` by oazapfts from the URL of the document, like any user of the API. */
  static async generate(documentUrl: string): Promise<GeneratedClient> {
    const folder = await mkdtemp(join(tmpdir(), 'mes-client-'));
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    await run(process.execPath, [resolve('node_modules/oazapfts/dist/cli.js'), documentUrl, join(folder, 'client.ts')]);
    return new GeneratedClient(folder);
  }

  /**
   * Compiles a program that imports `./client.js`, in strict mode.
   *
   * @throws Error with the messages of the compiler
   */
  async compile(program: string): Promise<void> {
    await writeFile(join(this.folder, 'program.ts'), program);
    const tsc = resolve('node_modules/typescript/bin/tsc');
    try {
      await run(process.execPath, [tsc, ...OPTIONS.split(' '), 'program.ts'], { cwd: this.folder });
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
