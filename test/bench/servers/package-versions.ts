import { readFile } from 'node:fs/promises';

/** The installed versions of packages. The project declares each with its exact version. */
export async function versionsOf(names: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const versions = names.map(async (name): Promise<[string, string]> => {
    const manifest = await readFile(`node_modules/${name}/package.json`, 'utf8');
    return [name, (JSON.parse(manifest) as { version: string }).version];
  });
  return Object.fromEntries(await Promise.all(versions));
}
