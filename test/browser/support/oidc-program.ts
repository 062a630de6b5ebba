import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** The audience of the API. */
const AUDIENCE = 'urn:mes-orders-api';

// A real OpenID Connect issuer with the page as its only client. Arguments: the origin of the page, and the lifetime of access
// tokens in seconds. It accepts any name and password, grants the role operator, and prints its URL as JSON.
const [, , origin = '', lifetime = '3600'] = process.argv;
const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'mes-web',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: [`${origin}/signed-in`],
      post_logout_redirect_uris: [origin],
    },
  ],
  pkce: { required: () => true, methods: ['S256'] },
  clientBasedCORS: (_context, from) => from === origin,
  scopes: ['openid', 'offline_access'],
  claims: { openid: ['sub'] },
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  extraTokenClaims: () => ({ roles: ['operator'] }),
  // The cookie is the session of the issuer. With it, the page gets new tokens after a reload.
  cookies: { keys: ['for tests only'] },
  features: {
    devInteractions: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => AUDIENCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'openid offline_access',
        audience: AUDIENCE,
        accessTokenFormat: 'jwt',
        accessTokenTTL: Number(lifetime),
      }),
    },
  },
});
const handle = provider.callback();
server.on('request', (request, response) => void handle(request, response));
console.log(JSON.stringify({ url: issuer }));
