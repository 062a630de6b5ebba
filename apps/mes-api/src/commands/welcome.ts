import { DEVELOPMENT_SUBJECTS, DevelopmentIssuer } from '../auth/development-issuer.js';
import { ROLES } from '../auth/caller.js';
import type { Configuration } from '../config/configuration.js';

/** The text that is printed after the start: addresses and, if this process issues tokens, a token of each role. */
export async function welcome(configuration: Configuration, url: string): Promise<string> {
  const base = `${url}${configuration.basePath}`;
  const lines = [
    '',
    `Operators’ page  ${base}/`,
    `MES Orders API   ${base}/api/v1`,
    `Swagger UI       ${base}/docs`,
    '',
  ];
  if (configuration.auth) return lines.join('\n');

  const issuer = await DevelopmentIssuer.open(configuration.dataDirectory);
  lines.push('Development tokens, good for 12 hours:');
  const tokens = await Promise.all(ROLES.map((role) => issuer.issue(DEVELOPMENT_SUBJECTS[role], [role])));
  ROLES.forEach((role, i) => lines.push(`  ${role.padEnd(9)} ${tokens[i] ?? ''}`));
  lines.push(
    '',
    'Try it:',
    `  curl -i -H "Authorization: Bearer ${tokens[0] ?? ''}" "${base}/api/v1/orders?status=NEW"`,
    '',
  );
  return lines.join('\n');
}
