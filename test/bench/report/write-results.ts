import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { chartOf } from './chart.js';
import { markdownOf } from './markdown.js';
import type { BenchResults } from './results.js';

/** Writes the results to a folder. Older results of other scenarios stay there, with their own dates and conditions. */
export async function writeResults(folder: string, latest: BenchResults): Promise<void> {
  await mkdir(folder, { recursive: true });
  const results: BenchResults = { ...(await readResults(join(folder, 'bench.json'))), ...latest };
  await writeFormatted(join(folder, 'bench.json'), JSON.stringify(results));
  await writeFormatted(join(folder, 'bench.md'), markdownOf(results));
  if (results.page) await writeFile(join(folder, 'bench.svg'), chartOf(results.page.result));
}

/** Writes a file in the project's format, because it is committed. */
async function writeFormatted(path: string, text: string): Promise<void> {
  const style = await resolveConfig(path, { editorconfig: true });
  await writeFile(path, await format(text, { ...style, filepath: path }));
}

async function readResults(path: string): Promise<BenchResults> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as BenchResults;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
