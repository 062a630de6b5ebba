/** The roles of callers. */
export const ROLES = ['operator', 'partner', 'viewer', 'admin'] as const;

export type Role = (typeof ROLES)[number];

/** The roles that each name in a token stands for. */
export type RoleMap = ReadonlyMap<string, readonly Role[]>;

/** Each role has its own name. */
export const OWN_NAMES: RoleMap = new Map(ROLES.map((role) => [role, [role]]));

/**
 * Reads a list such as `MES Operators=operator,mes-admin=admin`: the issuer's names, each with a role. With a list, no other name is
 * a role: an `admin` of the issuer may be somebody else.
 *
 * @returns undefined if it is no such list
 */
export function parseRoleMap(text: string): RoleMap | undefined {
  if (text === '') return OWN_NAMES;
  const roles = new Map<string, Role[]>();
  for (const pair of text.split(',')) {
    const [, name = '', given] = /^\s*(.*\S)\s*=\s*(\w+)\s*$/.exec(pair) ?? [];
    const role = ROLES.find((one) => one === given);
    if (!role) return undefined;
    roles.set(name, [...(roles.get(name) ?? []), role]);
  }
  return roles;
}
