import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvironmentError } from './environment-error.js';

const OF_OPEN_FILES = ['write', 'fsync', 'fdatasync', 'close'];

/**
 * Makes the data directory, and runs what works with files in it.
 *
 * @throws {EnvironmentError} if a file cannot be read or written
 */
export async function inDataDirectory<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    await makeDirectory(directory);
    return await work();
  } catch (error) {
    const { code, syscall = '', path } = error as NodeJS.ErrnoException;
    // On a full disk, the error of an open file names no path.
    const isOfFile = path !== undefined || OF_OPEN_FILES.includes(syscall);
    if (code === undefined || syscall === '' || !isOfFile) throw error;
    throw new EnvironmentError(
      `DATA_DIR: ${path ?? directory} cannot be used (${code}): name a folder in which this user may write and that has room, now it is ${directory}`,
      { cause: error },
    );
  }
}

/** Node's own recursive `mkdir` never ends in a place that takes no folders, such as `/proc`. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const hasParent = await stat(dirname(path)).catch(() => undefined);
    if (code !== 'ENOENT' || hasParent) throw error;
    await makeDirectory(dirname(path));
    await makeDirectory(path);
  }
}
