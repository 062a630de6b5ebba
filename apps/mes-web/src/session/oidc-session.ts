import {
  ErrorResponse,
  ErrorTimeout,
  InMemoryWebStorage,
  UserManager,
  WebStorageStateStore,
  type User,
} from 'oidc-client-ts';
import { getCaller } from '../api/client';
import { settledInTime, TIME_LIMITS } from '../api/connect';
import { dataOf, Problem } from '../api/problem';
import { BASE_PATH } from '../base-path';
import { deviceStorage, tabStorage } from '../storage';
import { SIGNED_IN_PATH, type Session } from './session';
import { forgetUnsavedTexts, keepUnsavedTexts } from './unsaved-texts';

export interface OidcSettings {
  readonly authority: string;
  readonly clientId: string;
  readonly scope: string;
  readonly audience: string;
}

/** Key of the flag that a user has signed in in this tab. A reload then goes to the issuer without asking. */
const WAS_SIGNED_IN = 'mes.signed-in';

/** Key of the address at which the user was sent to the issuer. */
const RETURN_TO = 'mes.return-to';

/** Key of the time of the last sign-out. It tells the other tabs, which whoever comes next may open. */
const SIGNED_OUT_AT = 'mes.signed-out-at';

/** The errors of an issuer that is in trouble itself (RFC 6749, section 4.1.2.1). */
const UNDECIDED: readonly string[] = ['server_error', 'temporarily_unavailable'];

/** What came of the way to the issuer and back. */
export type Completion =
  | { readonly is: 'signed-in'; readonly session: Session }
  /** The issuer or the API refused, and said why. There is no reason if the user gave up, or opened the redirect a second time. */
  | { readonly is: 'refused'; readonly why?: string }
  /** The hidden frame that renews the token has passed it on. */
  | { readonly is: 'renewed' };

type OnEnd = (why: 'expired' | 'signed-out') => void;

/**
 * Sign-in at an OpenID Connect issuer by the authorisation code flow with PKCE (RFC 7636).
 *
 * Tokens stay in memory, out of reach of later scripts. After a reload, the issuer's session gives new ones.
 */
export class OidcSignIn {
  private readonly manager: UserManager;
  /** Of the redirects to the issuer: what the way back needs. */
  private readonly states = new WebStorageStateStore({ store: sessionStorage });

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
      // The PKCE verifier must survive the redirect to the issuer.
      stateStore: this.states,
      // The session renews the token itself: two renewals at once would send the same refresh token.
      automaticSilentRenew: false,
      requestTimeoutInSeconds: TIME_LIMITS.write / 1_000,
    });
  }

  get wasSignedIn(): boolean {
    return tabStorage.get(WAS_SIGNED_IN) !== undefined;
  }

  /**
   * Redirects to the issuer. Resolves when the browser has come back to this page by its Back button.
   *
   * @param redirectMethod `replace`: Back does not lead to this address again, which would redirect again
   * @throws if the browser has not left the page in time
   */
  async begin(redirectMethod: 'assign' | 'replace'): Promise<void> {
    tabStorage.set(RETURN_TO, location.href);
    await settledInTime(this.manager.signinRedirect({ redirectMethod }));
  }

  /** The address at which the user was sent to the issuer. */
  get returnTo(): string {
    return tabStorage.get(RETURN_TO) ?? document.baseURI;
  }

  /**
   * Completes the sign-in after the redirect back.
   *
   * @param onEnd called when the session has ended by itself or in another tab
   * @throws if the issuer or the API cannot be reached
   */
  async complete(onEnd: OnEnd): Promise<Completion> {
    const state = new URLSearchParams(location.search).get('state') ?? '';
    if ((await this.states.get(state)) === null) return { is: 'refused' };
    try {
      const user = await this.manager.signinCallback();
      if (!user) return { is: 'renewed' };
      tabStorage.set(WAS_SIGNED_IN, 'yes');
      return { is: 'signed-in', session: await this.sessionOf(user, onEnd) };
    } catch (error) {
      const isOfIssuer = error instanceof ErrorResponse;
      if (!isOfIssuer && !(error instanceof Problem && error.isDecision)) throw error;
      // A reload would only be refused again.
      tabStorage.remove(WAS_SIGNED_IN);
      const isByUser = isOfIssuer && error.error === 'access_denied';
      return isByUser ? { is: 'refused' } : { is: 'refused', why: error.message };
    }
  }

  /**
   * Whether the hidden frame has said nothing although the issuer is there. The browser may not let it speak, for example because it
   * keeps cookies from it. A sign-in needs no frame.
   */
  private async isFrameMute(error: unknown): Promise<boolean> {
    if (!(error instanceof ErrorTimeout && error.message.startsWith('IFrame'))) return false;
    const signal = AbortSignal.timeout(TIME_LIMITS.read);
    const { metadataUrl } = this.manager.settings;
    return fetch(metadataUrl, { cache: 'no-store', signal }).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  private async sessionOf(first: User, onEnd: OnEnd): Promise<Session> {
    let user = first;
    /** Uses the refresh token, if there is one. If the issuer refuses it, the user may still be signed in there: a hidden frame asks. */
    const newUser = async (): Promise<User | null> => {
      try {
        return await this.manager.signinSilent();
      } catch (error) {
        if (user.refresh_token === undefined || isUndecided(error)) throw error;
        return this.manager.signinSilent({ forceIframeAuth: true });
      }
    };
    /** How many times in a row the hidden frame has said nothing although the issuer was there. */
    let muteFrames = 0;
    /** @returns whether there is another token. Without one, the user has to sign in. */
    const renew = async (): Promise<boolean> => {
      try {
        const renewed = await newUser();
        muteFrames = 0;
        if (renewed) user = renewed;
        return renewed !== null;
      } catch (error) {
        muteFrames = (await this.isFrameMute(error)) ? muteFrames + 1 : 0;
        if (!isRefusal(error) && muteFrames < 2) throw error;
        return false;
      }
    };
    let renewal: Promise<boolean> | undefined;
    const renewOnce = (): Promise<boolean> =>
      (renewal ??= renew().finally(() => {
        renewal = undefined;
      }));
    // Before the token expires, unless the device sleeps or its clock is wrong. If it fails, the API will reject the token.
    this.manager.events.addAccessTokenExpiring(() => void renewOnce().catch(() => false));
    addEventListener('storage', ({ key }) => {
      if (key !== SIGNED_OUT_AT) return;
      tabStorage.remove(WAS_SIGNED_IN);
      forgetUnsavedTexts();
      onEnd('signed-out');
    });
    const caller = await callerOf(first);
    const expire = (): void => {
      keepUnsavedTexts(caller.subject);
      onEnd('expired');
    };
    return {
      ...caller,
      token: () => user.access_token,
      renew: async (rejected) => {
        if (rejected !== user.access_token || (await renewOnce())) return user.access_token;
        expire();
        return undefined;
      },
      end: expire,
      signOut: async () => {
        tabStorage.remove(WAS_SIGNED_IN);
        deviceStorage.set(SIGNED_OUT_AT, String(Date.now()));
        await settledInTime(this.manager.signoutRedirect()).catch(() => this.manager.removeUser());
      },
    };
  }
}

/** Whether the issuer gives no new token before the user signs in again. One that is away or failing has not decided. */
function isRefusal(error: unknown): boolean {
  return error instanceof ErrorResponse && !isUndecided(error);
}

/** Whether the issuer is away or failing. Then nothing else can be asked of it either. */
function isUndecided(error: unknown): boolean {
  if (error instanceof ErrorResponse) return UNDECIDED.includes(error.error ?? '');
  return error instanceof TypeError || error instanceof ErrorTimeout;
}

/** Who the user is to the API, which knows what the issuer calls the roles. */
async function callerOf({ access_token: token, profile }: User): Promise<Pick<Session, 'subject' | 'roles'>> {
  const answer = await getCaller({ headers: { Authorization: `Bearer ${token}` } });
  if (answer.status === 403) return { subject: profile.sub, roles: [] };
  return dataOf(Promise.resolve(answer));
}
