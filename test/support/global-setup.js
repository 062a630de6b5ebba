import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import './register-typescript.js';

export default async function setUp() {
  const { startSharedServers } = await import('./shared-servers.js');
  // The folder of the operators' page. The first test that needs the page builds it.
  process.env.TEST_PAGE_DIRECTORY = await mkdtemp(join(tmpdir(), 'mes-page-'));
  await startSharedServers();
}
