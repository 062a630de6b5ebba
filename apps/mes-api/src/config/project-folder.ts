import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of the project, with its package.json: the sources and the build lie at different depths below it. Relative paths of
 * the configuration are relative to it, so that a start from another folder finds the same settings and the same data.
 *
 * @returns the working directory if the program lies in no project
 */
export function projectFolder(directory = import.meta.dirname): string {
  if (existsSync(join(directory, 'package.json'))) return directory;
  const parent = dirname(directory);
  return parent === directory ? process.cwd() : projectFolder(parent);
}
