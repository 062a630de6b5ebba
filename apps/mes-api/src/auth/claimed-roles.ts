import type { JWTPayload } from 'jose';
import { ROLES, type Role, type RoleMap } from '../config/roles.js';

/** Where a token has roles, and what the issuer calls them. */
export interface RoleClaim {
  /** The name of the claim, or a path with dots into objects. */
  readonly rolesClaim: string;
  readonly roleMap: RoleMap;
}

/** The roles in a token. Of a claim with another form than a name or a list of names, none. */
export function claimedRoles(payload: JWTPayload, { rolesClaim, roleMap }: RoleClaim): Role[] {
  const claimed = valueAt(payload, rolesClaim);
  const names: unknown[] = Array.isArray(claimed) ? claimed : [claimed];
  const roles = new Set(names.flatMap((name) => (typeof name === 'string' ? (roleMap.get(name) ?? []) : [])));
  return ROLES.filter((role) => roles.has(role));
}

/** The value at a path. Names may contain dots themselves, such as `https://example.com/roles` or a client id in a path. */
function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const properties = new Map(Object.entries(value));
  if (properties.has(path)) return properties.get(path);
  for (let dot = path.indexOf('.'); dot !== -1; dot = path.indexOf('.', dot + 1)) {
    const found = valueAt(properties.get(path.slice(0, dot)), path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}
