import './require-node.js';
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { DEVELOPMENT_SUBJECTS, DevelopmentIssuer, isLifetime } from '../auth/development-issuer.js';
import { ROLES, SUBJECT, type Role } from '../auth/caller.js';
import { EnvironmentError } from '../config/environment-error.js';
import { loadEnvironmentFile } from '../config/environment.js';
import { readConfiguration } from '../config/configuration.js';
import { CommandError, fail } from './command-failure.js';

const USAGE = `Prints a token for development.

  npm run --silent token -- --role partner --subject partner-2 --lifetime 1h

  --role <role>       ${ROLES.join(', ')}; may be repeated; operator by default
  --subject <name>    who the caller is; by default the same as in the tokens that the start prints
  --lifetime <time>   such as 30m, 12h or 7d; 12h by default
  --help              show this text`;

interface TokenArguments {
  readonly roles: readonly Role[];
  readonly subject: string;
  readonly lifetime: string;
}

/**
 * The options on the command line; undefined for `--help`.
 *
 * @throws {CommandError} and the errors of `parseArgs`
 */
function readTokenArguments(): TokenArguments | undefined {
  const { values } = parseArgs({
    options: {
      role: { type: 'string', multiple: true, default: ['operator'] },
      subject: { type: 'string' },
      lifetime: { type: 'string', default: '12h' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;

  const roles = values.role.filter((role): role is Role => (ROLES as readonly string[]).includes(role));
  const [first] = roles;
  if (!first || roles.length !== values.role.length)
    throw new CommandError(`--role must be one of ${ROLES.join(', ')}`);
  const subject = values.subject ?? DEVELOPMENT_SUBJECTS[first];
  if (!SUBJECT.test(subject))
    throw new CommandError('--subject must be 1 to 255 visible ASCII characters without spaces');
  const { lifetime } = values;
  if (!isLifetime(lifetime)) throw new CommandError('--lifetime must be a time such as 30m, 12h or 7d');
  return { roles, subject, lifetime };
}

async function printToken(): Promise<void> {
  const wanted = readTokenArguments();
  if (!wanted) {
    console.log(USAGE);
    return;
  }
  loadEnvironmentFile();
  const { auth, dataDirectory } = readConfiguration(process.env);
  if (auth) throw new EnvironmentError('AUTH_ISSUER is set: tokens come from there');
  const issuer = await DevelopmentIssuer.open(dataDirectory);
  console.log(await issuer.issue(wanted.subject, wanted.roles, wanted.lifetime));
}

printToken().catch((error: unknown) => fail(error, 'Cannot make a token'));
