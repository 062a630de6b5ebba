import { decodeJwt } from 'jose';
import type { Credentials } from '../api/connect';
import { BASE_PATH } from '../base-path';

/** The path that the issuer redirects to after signing in. */
export const SIGNED_IN_PATH = `${BASE_PATH}/signed-in`;

export const ROLES = ['operator', 'viewer', 'admin', 'partner'] as const;
export type Role = (typeof ROLES)[number];

/** The signed-in user. The token stays in memory only. */
export interface Session extends Credentials {
  readonly subject: string;
  readonly roles: readonly Role[];
  signOut(): Promise<void>;
}

/** Reads the user and the roles from a token. The API verifies the token; the page only decides what to offer. */
export function claimsOf(token: string): { subject: string; roles: readonly Role[] } {
  const { sub = '', roles } = decodeJwt<{ roles?: unknown }>(token);
  return { subject: sub, roles: Array.isArray(roles) ? (roles as Role[]) : [] };
}

export function mayMoveOrders({ roles }: Session): boolean {
  return roles.includes('operator') || roles.includes('admin');
}

export function maySeeAllOrders(session: Session): boolean {
  return mayMoveOrders(session) || session.roles.includes('viewer');
}

export function maySeeCacheStatistics({ roles }: Session): boolean {
  return roles.includes('admin');
}
