import { InMemoryWebStorage, UserManager, WebStorageStateStore, type User } from 'oidc-client-ts';
import { claimsOf, SIGNED_IN_PATH, type Session } from './session';

export interface OidcSettings {
  readonly authority: string;
  readonly clientId: string;
  readonly scope: string;
}

/** That somebody has signed in in this tab, and is taken to the issuer without being asked when the page is loaded again. */
const WAS_SIGNED_IN = 'mes.signed-in';

/**
 * Signs in at an OpenID Connect issuer by the authorisation code flow with PKCE (RFC 7636).
 *
 * Tokens stay in memory: after the page has been loaded again, the issuer's own session is what gets new ones.
 */
export class OidcSignIn {
  private readonly manager: UserManager;

  constructor({ authority, clientId, scope }: OidcSettings) {
    this.manager = new UserManager({
      authority,
      client_id: clientId,
      scope,
      redirect_uri: new URL(SIGNED_IN_PATH, location.origin).href,
      post_logout_redirect_uri: location.origin,
      userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
      // What must outlive the way to the issuer and back: the verifier of PKCE, and where to go on.
      stateStore: new WebStorageStateStore({ store: sessionStorage }),
    });
  }

  get wasSignedIn(): boolean {
    return sessionStorage.getItem(WAS_SIGNED_IN) !== null;
  }

  /** Leaves the page for the issuer's. */
  async begin(): Promise<void> {
    await this.manager.signinRedirect({ state: `${location.pathname}${location.search}` });
  }

  /**
   * Completes what {@link begin} began, on the way back. Resolves with where to go on; with nothing in the hidden frame in
   * which the page gets a new token before the old one ends.
   */
  async complete(onEnd: () => void): Promise<{ session: Session; path: string } | undefined> {
    const user = await this.manager.signinCallback();
    if (!user) return undefined;
    sessionStorage.setItem(WAS_SIGNED_IN, 'yes');
    this.manager.events.addAccessTokenExpired(onEnd);
    return { session: this.sessionOf(user, onEnd), path: typeof user.state === 'string' ? user.state : '/' };
  }

  private sessionOf(first: User, onEnd: () => void): Session {
    return {
      ...claimsOf(first.access_token),
      token: async () => (await this.manager.getUser())?.access_token ?? first.access_token,
      onRefused: (refused) => {
        void this.manager.getUser().then((user) => {
          if (!user || user.access_token === refused) onEnd();
        });
      },
      signOut: async () => {
        sessionStorage.removeItem(WAS_SIGNED_IN);
        await this.manager.signoutRedirect().catch(() => this.manager.removeUser());
      },
    };
  }
}
