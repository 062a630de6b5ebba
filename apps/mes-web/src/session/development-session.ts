import { issueDevelopmentToken } from '../api/client';
import { dataOf } from '../api/problem';
import { claimsOf, type Role, type Session } from './session';

/** Who was chosen in this tab, so that loading the page again does not ask again. */
const CHOICE = 'mes.development.choice';

export interface Choice {
  readonly role: Role;
  readonly name: string;
}

export function rememberedChoice(): Choice | undefined {
  const choice = sessionStorage.getItem(CHOICE);
  return choice === null ? undefined : (JSON.parse(choice) as Choice);
}

/** Signs in with a token that the API issues itself, as it does in development. */
export async function developmentSession(choice: Choice, onEnd: () => void): Promise<Session> {
  const issue = async (): Promise<string> =>
    (await dataOf(issueDevelopmentToken({ developmentSignInDto: choice }))).token;
  let token = await issue();
  sessionStorage.setItem(CHOICE, JSON.stringify(choice));
  return {
    ...claimsOf(token),
    token: () => Promise.resolve(token),
    onRefused: (refused) => {
      if (refused === token) onEnd();
    },
    signOut: () => {
      sessionStorage.removeItem(CHOICE);
      token = '';
      return Promise.resolve();
    },
  };
}
