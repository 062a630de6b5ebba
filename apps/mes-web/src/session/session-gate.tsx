import { useEffect, useEffectEvent, useMemo, useRef, useState, type ReactNode } from 'react';
import { getPageSettings, type PageSettingsDto } from '../api/client';
import { authenticateRequests, settledInTime } from '../api/connect';
import { dataOf } from '../api/problem';
import { developmentSession, rememberedChoice, type Choice } from './development-session';
import type { OidcSignIn } from './oidc-session';
import { SIGNED_IN_PATH, type Session } from './session';
import { SessionContext } from './session-context';
import { SignIn } from './sign-in';
import { takeUnsavedTexts } from './unsaved-texts';
import { useLanguage } from '../language/language-context';
import { useNotices } from '../shell/notices-context';
import { reloadOnce } from '../shell/reload-once';
import { tabStorage } from '../storage';

type State =
  | { readonly is: 'starting' }
  | { readonly is: 'failed' }
  | { readonly is: 'storage-refused' }
  | {
      readonly is: 'signed-out';
      readonly settings: PageSettingsDto;
      readonly oidc?: OidcSignIn;
      readonly expired?: true;
      /** Why the last sign-in was refused. */
      readonly refusal?: string | undefined;
    }
  | { readonly is: 'signed-in'; readonly session: Session };

interface SessionGateProps {
  readonly children: ReactNode;
}

/**
 * Renders its children for a signed-in user, and the sign-in screen otherwise. The notices outlast an expired session, so that a
 * user learns what became of the last step.
 */
export function SessionGate({ children }: SessionGateProps): ReactNode {
  const [state, setState] = useState<State>({ is: 'starting' });
  const [attempt, setAttempt] = useState(0);
  const { t } = useLanguage();
  const { notify, endSession, clear } = useNotices();

  // StrictMode runs effects twice, but the code in an issuer's redirect can be used only once.
  const starts = useRef(new Map<number, Promise<State>>());

  useEffect(() => {
    let current = true;
    const started = starts.current.get(attempt) ?? start(setState).catch((): State => ({ is: 'failed' }));
    starts.current.set(attempt, started);
    void started.then((next) => {
      if (current) setState(next);
    });
    return () => {
      current = false;
    };
  }, [attempt]);

  const own = state.is === 'signed-in' ? state.session : undefined;
  useEffect(() => (own ? endSession : undefined), [own, endSession]);
  const giveBackTexts = useEffectEvent((subject: string) => {
    for (const { title, text } of takeUnsavedTexts(subject)) {
      const unsaved = `${title}. ${t('notice.unsaved', { comment: text })}`;
      notify({ about: unsaved, tone: 'bad', text: unsaved, isOpen: true });
    }
  });
  useEffect(() => {
    if (own) giveBackTexts(own.subject);
  }, [own]);
  // The next user may be at the device already, also if the session has ended in another tab.
  const isSignedOut = state.is === 'signed-out' && state.expired !== true;
  useEffect(() => {
    if (isSignedOut) clear();
  }, [isSignedOut, clear]);
  const session = useMemo((): Session | undefined => {
    if (!own) return undefined;
    const signOut = async (): Promise<void> => {
      // The server may be slow.
      setState({ is: 'starting' });
      await own.signOut();
      setAttempt((last) => last + 1);
    };
    return { ...own, signOut };
  }, [own]);
  if (state.is === 'signed-in') return <SessionContext value={session}>{children}</SessionContext>;

  const settings = state.is === 'signed-out' ? state.settings : undefined;
  const choose = async (choice: Choice): Promise<void> => {
    const session = await developmentSession(choice, () => {
      if (settings) setState({ is: 'signed-out', settings, expired: true });
    });
    setState(signedIn(session));
  };
  const retry = (): void => {
    setState({ is: 'starting' });
    setAttempt((last) => last + 1);
  };
  return (
    <SignIn
      state={state.is}
      kind={settings?.signIn.kind}
      expired={state.is === 'signed-out' && state.expired === true}
      refusal={state.is === 'signed-out' ? state.refusal : undefined}
      onChoose={choose}
      onIssuer={() => {
        if (state.is !== 'signed-out') return;
        state.oidc?.begin('assign').catch(() => {
          setState({ is: 'failed' });
        });
      }}
      onRetry={retry}
    />
  );
}

function signedIn(session: Session): State {
  authenticateRequests(session);
  return { is: 'signed-in', session };
}

/**
 * Finds out how to sign in, and signs in where no user input is needed.
 *
 * @param onEnd called with the next state when the session has expired
 */
async function start(onEnd: (state: State) => void): Promise<State> {
  authenticateRequests(undefined);
  const settings = await dataOf(getPageSettings());
  const { signIn } = settings;
  const signedOut: State = { is: 'signed-out', settings };
  if (signIn.kind === 'none') return signedOut;
  if (signIn.kind === 'development') {
    const choice = rememberedChoice();
    if (!choice) return signedOut;
    return signedIn(
      await developmentSession(choice, () => {
        onEnd({ ...signedOut, expired: true });
      }),
    );
  }

  // The way back from the issuer needs what is stored now.
  if (!tabStorage.isKept) return { is: 'storage-refused' };
  // The OpenID Connect library loads only where it is needed.
  const { OidcSignIn } = await settledInTime(import('./oidc-session')).catch(async (error: unknown) => {
    await reloadOnce();
    throw error;
  });
  const { authority = '', clientId = '', scope = '', audience = '' } = signIn;
  const oidc = new OidcSignIn({ authority, clientId, scope, audience });
  if (location.pathname === SIGNED_IN_PATH) {
    const completed = await oidc
      .complete((why) => {
        onEnd({ ...signedOut, oidc, ...(why === 'expired' && { expired: true }) });
      })
      .finally(() => {
        history.replaceState(null, '', oidc.returnTo);
      });
    if (completed.is === 'renewed') return { is: 'starting' };
    return completed.is === 'refused' ? { ...signedOut, oidc, refusal: completed.why } : signedIn(completed.session);
  }
  if (!oidc.wasSignedIn) return { ...signedOut, oidc };
  await oidc.begin('replace');
  return { ...signedOut, oidc };
}
