import { InMemoryWebStorage, UserManager, WebStorageStateStore, type User } from 'oidc-client-ts';
import { getCaller } from '../api/client';
import { settledInTime, TIME_LIMITS } from '../api/connect';
import { dataOf } from '../api/problem';
import { BASE_PATH } from '../base-path';
import { tabStorage } from '../storage';
import { SIGNED_IN_PATH, type Session } from './session';

export interface OidcSettings {
  readonly authority: string;
  readonly clientId: string;
  readonly scope: string;
  readonly audience: string;
}

/** Key of the flag that a user has signed in in this tab. A reload then goes to the issuer without asking. */
const WAS_SIGNED_IN = 'mes.signed-in';

/**
 * Sign-in at an OpenID Connect issuer by the authorisation code flow with PKCE (RFC 7636).
 *
 * Tokens stay in memory, out of reach of later scripts. After a reload, the issuer's session gives new ones.
 */
export class OidcSignIn {
  private readonly manager: UserManager;

  constructor({ authority, clientId, scope, audience }: OidcSettings) {
    this.manager = new UserManager({
      authority,
      client_id: clientId,
      scope,
      // Without it, Auth0 issues tokens for itself only. Others ignore it: RFC 6749, section 3.1.
      extraQueryParams: { audience },
      redirect_uri: location.origin + SIGNED_IN_PATH,
      post_logout_redirect_uri: location.origin + BASE_PATH,
      userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
      // The PKCE verifier and the return path must survive the redirect to the issuer.
      stateStore: new WebStorageStateStore({ store: sessionStorage }),
      requestTimeoutInSeconds: TIME_LIMITS.write / 1_000,
    });
  }

  get wasSignedIn(): boolean {
    return tabStorage.get(WAS_SIGNED_IN) !== undefined;
  }

  /**
   * Redirects to the issuer. Resolves when the browser has come back to this page by its Back button.
   *
   * @throws if the browser has not left the page in time
   */
  async begin(): Promise<void> {
    await settledInTime(this.manager.signinRedirect({ state: `${location.pathname}${location.search}` }));
  }

  /**
   * Completes the sign-in after the redirect back. Resolves with the session and the path to return to, or with nothing in
   * the hidden frame that renews the token.
   *
   * @param onEnd called when the session has expired
   */
  async complete(onEnd: () => void): Promise<{ session: Session; path: string } | undefined> {
    const user = await this.manager.signinCallback();
    if (!user) return undefined;
    tabStorage.set(WAS_SIGNED_IN, 'yes');
    return {
      session: await this.sessionOf(user, onEnd),
      path: typeof user.state === 'string' ? user.state : document.baseURI,
    };
  }

  private async sessionOf(first: User, onEnd: () => void): Promise<Session> {
    let token = first.access_token;
    let renewal: Promise<string | undefined> | undefined;
    // The library renews the token before it expires, unless the device sleeps or its clock is wrong.
    this.manager.events.addUserLoaded((user) => {
      token = user.access_token;
    });
    const renew = async (): Promise<string | undefined> => {
      try {
        return (await this.manager.signinSilent())?.access_token;
      } catch {
        onEnd();
        return undefined;
      } finally {
        renewal = undefined;
      }
    };
    return {
      ...(await callerOf(first)),
      token: () => token,
      renew: async (rejected) => (rejected === token ? (renewal ??= renew()) : token),
      end: onEnd,
      signOut: async () => {
        tabStorage.remove(WAS_SIGNED_IN);
        await settledInTime(this.manager.signoutRedirect()).catch(() => this.manager.removeUser());
      },
    };
  }
}

/** Who the user is to the API, which knows what the issuer calls the roles. */
async function callerOf({ access_token: token, profile }: User): Promise<Pick<Session, 'subject' | 'roles'>> {
  const answer = await getCaller({ headers: { Authorization: `Bearer ${token}` } });
  if (answer.status === 403) return { subject: profile.sub, roles: [] };
  return dataOf(Promise.resolve(answer));
}
