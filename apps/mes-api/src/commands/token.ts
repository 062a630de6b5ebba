import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { DEVELOPMENT_SUBJECTS, DevelopmentIssuer } from '../auth/development-issuer.js';
import { ROLES, type Role } from '../auth/caller.js';
import { loadEnvironmentFile } from '../config/environment.js';
import { EnvironmentError } from '../config/environment-error.js';
import { readConfiguration } from '../config/configuration.js';
import { fail } from './command-failure.js';

/** Prints a token for development: `npm run --silent token -- --role partner --subject partner-2 --lifetime 1h`. */
async function printToken(): Promise<void> {
  loadEnvironmentFile();
  const { values } = parseArgs({
    options: {
      role: { type: 'string', multiple: true, default: ['operator'] },
      subject: { type: 'string' },
      lifetime: { type: 'string', default: '12h' },
    },
  });
  const roles = values.role.filter((role): role is Role => (ROLES as readonly string[]).includes(role));
  const [first] = roles;
  if (!first || roles.length !== values.role.length)
    throw new EnvironmentError(`--role must be one of ${ROLES.join(', ')}`);

  const { auth, dataDirectory } = readConfiguration(process.env);
  if (auth) throw new EnvironmentError('AUTH_ISSUER is set: tokens come from there');
  const issuer = await DevelopmentIssuer.open(dataDirectory);
  console.log(await issuer.issue(values.subject ?? DEVELOPMENT_SUBJECTS[first], roles, values.lifetime));
}

printToken().catch(fail);
