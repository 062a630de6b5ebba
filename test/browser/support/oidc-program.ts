import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type ClientMetadata } from 'oidc-provider';

// A real OpenID Connect issuer with the page as its client, under several names. Arguments: the URL of the page, without a slash at its
// end, and the lifetime of access tokens in seconds. It accepts any name and password, grants the role operator, and prints its URLs as
// JSON. Its endpoints are on another host than it is itself.
const [, , page = '', lifetime = '3600'] = process.argv;
const { origin } = new URL(page);
const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const issuer = `http://localhost:${String(port)}`;
const endpoints = `http://127.0.0.1:${String(port)}`;

const clientOf = (id: string, ...otherGrants: string[]): ClientMetadata => ({
  client_id: id,
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', ...otherGrants],
  response_types: ['code'],
  redirect_uris: [`${page}/signed-in`],
  scope: 'openid offline_access',
  post_logout_redirect_uris: [page],
});

const provider = new Provider(issuer, {
  // The second one gets refresh tokens. Each is good for one use: with a second use, the issuer takes back all tokens of the sign-in.
  clients: [clientOf('mes-web'), clientOf('mes-web-refreshing', 'refresh_token')],
  issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
  pkce: { required: () => true, methods: ['S256'] },
  clientBasedCORS: (_context, from) => from === origin,
  // The last one is not for the page.
  scopes: ['openid', 'offline_access', 'archive'],
  extraParams: ['audience'],
  claims: { openid: ['sub'] },
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  // As most issuers send them, and as Keycloak does.
  extraTokenClaims: () => ({ roles: ['operator'], realm_access: { roles: ['mes-floor'] } }),
  // The cookie is the session of the issuer. With it, the page gets new tokens after a reload.
  cookies: { keys: ['for tests only'] },
  features: {
    devInteractions: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // As Auth0 does.
      defaultResource: ({ oidc }) => String(oidc.params?.audience),
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, audience) => ({
        scope: 'openid offline_access',
        audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: Number(lifetime),
      }),
    },
  },
});
const handle = provider.callback();
server.on('request', (request, response) => {
  // The metadata name endpoints on the host that was asked.
  if (request.url?.startsWith('/.well-known/') === true) request.headers.host = new URL(endpoints).host;
  void handle(request, response);
});
console.log(JSON.stringify({ issuer, endpoints }));
