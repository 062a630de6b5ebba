import type { JWTHeaderParameters, JWTPayload } from 'jose';

/** Claims that only ID tokens have: OpenID Connect Core 1.0, sections 2 and 3.3.2.11. */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash'];

/**
 * Whether a token is an access token. An ID token tells a client who has signed in, and opens nothing.
 *
 * Access tokens have the header `typ: at+jwt` by RFC 9068, which Auth0 and Keycloak send as an option. By default, Keycloak, Auth0 and
 * Microsoft Entra send `typ: JWT` in all their tokens; other issuers send none. Keycloak then names the kind in the claim `typ`, and
 * Amazon Cognito in `token_use`.
 */
export function isAccessToken(header: JWTHeaderParameters, payload: JWTPayload): boolean {
  const type = typeOf(header);
  if (type === 'at+jwt') return true;
  if (type !== 'jwt') return false;
  if (payload.typ !== undefined) return payload.typ === 'Bearer';
  if (payload.token_use !== undefined) return payload.token_use === 'access';
  return !ID_TOKEN_CLAIMS.some((name) => payload[name] !== undefined);
}

/** RFC 7515, section 4.1.9: a media type, usually without `application/`, in letters of any case. */
function typeOf({ typ = 'JWT' }: { readonly typ?: unknown }): string | undefined {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined;
}
