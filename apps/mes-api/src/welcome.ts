import { DevelopmentIssuer } from './auth/development-issuer.js';
import { ROLES, type Role } from './auth/role.js';
import type { Configuration } from './config/configuration.js';

/** Who the ready tokens of each role belong to. */
export const DEVELOPMENT_SUBJECTS: Readonly<Record<Role, string>> = {
  operator: 'operator-1',
  partner: 'partner-1',
  viewer: 'viewer-1',
  admin: 'admin-1',
};

/** What somebody who has just started the API wants to know. Tokens are shown only where this process issues them. */
export async function welcome(configuration: Configuration, url: string): Promise<string> {
  const lines = ['', `Operators’ page  ${url}/`, `MES Orders API   ${url}/api/v1`, `Swagger UI       ${url}/docs`, ''];
  if (configuration.auth) return lines.join('\n');

  const issuer = await DevelopmentIssuer.open(configuration.dataDirectory);
  lines.push('Development tokens, good for 12 hours:');
  const tokens = await Promise.all(ROLES.map((role) => issuer.issue(DEVELOPMENT_SUBJECTS[role], [role])));
  ROLES.forEach((role, i) => lines.push(`  ${role.padEnd(9)} ${tokens[i] ?? ''}`));
  lines.push(
    '',
    'Try it:',
    `  curl -i -H "Authorization: Bearer ${tokens[0] ?? ''}" "${url}/api/v1/orders?status=NEW"`,
    '',
  );
  return lines.join('\n');
}
