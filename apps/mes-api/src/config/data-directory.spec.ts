import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { inDataDirectory } from './data-directory.js';
import { EnvironmentError } from './environment-error.js';

describe('the data directory', () => {
  it('is named if its disk is full', async () => {
    const failure: unknown = await inDataDirectory(tmpdir(), () => writeFile('/dev/full', 'a key')).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(EnvironmentError);
    expect((failure as Error).message).toMatch(
      /^DATA_DIR: .* cannot be used \(ENOSPC\): name a folder .* that has room/,
    );
  });

  it('is not blamed for what does not concern files', async () => {
    const failure = inDataDirectory(tmpdir(), () => once(connect(1, '127.0.0.1'), 'connect'));
    await expect(failure).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
