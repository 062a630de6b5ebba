import { issueDevelopmentToken } from '../api/client';
import { dataOf } from '../api/problem';
import { claimsOf, type Role, type Session } from './session';

/** Key of the role and name chosen in this tab. A reload signs in with them again. */
const CHOICE = 'mes.development.choice';

export interface Choice {
  readonly role: Role;
  readonly name: string;
}

export function rememberedChoice(): Choice | undefined {
  const choice = sessionStorage.getItem(CHOICE);
  return choice === null ? undefined : (JSON.parse(choice) as Choice);
}

/** Signs in with a token issued by the API itself, which it does only in development. */
export async function developmentSession(choice: Choice, onEnd: () => void): Promise<Session> {
  const issue = async (): Promise<string> =>
    (await dataOf(issueDevelopmentToken({ developmentSignInDto: choice }))).token;
  let token = await issue();
  sessionStorage.setItem(CHOICE, JSON.stringify(choice));
  return {
    ...claimsOf(token),
    token: () => Promise.resolve(token),
    onRejected: (rejected) => {
      if (rejected === token) onEnd();
    },
    signOut: () => {
      sessionStorage.removeItem(CHOICE);
      token = '';
      return Promise.resolve();
    },
  };
}
