import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import './register-typescript.js';

export default async function setUp() {
  const { startSharedServers } = await import('./shared-servers.js');
  // For the operators' page, which is built by the first test that needs it.
  process.env.TEST_PAGE_DIRECTORY = await mkdtemp(join(tmpdir(), 'mes-page-'));
  await startSharedServers();
}
