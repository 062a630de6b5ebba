import './register-typescript.js';

export default async function tearDown() {
  const { stopSharedServers } = await import('./shared-servers.js');
  await stopSharedServers();
}
