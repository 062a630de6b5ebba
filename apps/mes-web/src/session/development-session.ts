import { issueDevelopmentToken } from '../api/client';
import { dataOf } from '../api/problem';
import { parsedJson, tabStorage } from '../storage';
import { claimsOf, ROLES, type Role, type Session } from './session';
import { keepUnsavedTexts } from './unsaved-texts';

/** Key of the role and name chosen in this tab. A reload signs in with them again. */
const CHOICE = 'mes.development.choice';

export interface Choice {
  readonly role: Role;
  readonly name: string;
}

export function rememberedChoice(): Choice | undefined {
  const { role, name } = (parsedJson(tabStorage.get(CHOICE) ?? '') ?? {}) as Partial<Choice>;
  const known = ROLES.find((one) => one === role);
  return known && typeof name === 'string' ? { role: known, name } : undefined;
}

/** Signs in with a token issued by the API itself, which it does only in development. */
export async function developmentSession(choice: Choice, onEnd: () => void): Promise<Session> {
  const issue = async (): Promise<string> =>
    (await dataOf(issueDevelopmentToken({ developmentSignInDto: choice }))).token;
  let token = await issue();
  tabStorage.set(CHOICE, JSON.stringify(choice));
  const claims = claimsOf(token);
  const expire = (): void => {
    keepUnsavedTexts(claims.subject);
    onEnd();
  };
  return {
    ...claims,
    token: () => token,
    renew: (rejected) => {
      if (rejected === token) expire();
      return Promise.resolve(undefined);
    },
    end: expire,
    signOut: () => {
      tabStorage.remove(CHOICE);
      token = '';
      return Promise.resolve();
    },
  };
}
