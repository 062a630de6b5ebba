import { rm } from 'node:fs/promises';
import './register-typescript.js';

export default async function tearDown() {
  const { stopSharedServers } = await import('./shared-servers.js');
  await rm(process.env.TEST_PAGE_DIRECTORY, { recursive: true, force: true });
  await stopSharedServers();
}
