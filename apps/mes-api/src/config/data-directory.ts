import { EnvironmentError } from './environment-error.js';

/**
 * Runs what works with files in the data directory.
 *
 * @throws {EnvironmentError} if a file cannot be read or written
 */
export async function inDataDirectory<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, syscall, path } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined || path === undefined) throw error;
    throw new EnvironmentError(
      `DATA_DIR: ${path} cannot be used (${code}): name a folder in which this user may write, now it is ${directory}`,
      { cause: error },
    );
  }
}
