import './register-typescript.js';

export default async function setUp() {
  const { startSharedServers } = await import('./shared-servers.js');
  await startSharedServers();
}
