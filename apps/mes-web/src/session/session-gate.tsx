import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { getPageSettings, type PageSettingsDto } from '../api/client';
import { callInTheNameOf } from '../api/connect';
import { dataOf } from '../api/problem';
import { developmentSession, rememberedChoice, type Choice } from './development-session';
import type { OidcSignIn } from './oidc-session';
import { SIGNED_IN_PATH, type Session } from './session';
import { SessionContext } from './session-context';
import { SignIn } from './sign-in';

type State =
  | { readonly is: 'starting' }
  | { readonly is: 'failed' }
  | {
      readonly is: 'signed-out';
      readonly settings: PageSettingsDto;
      readonly oidc?: OidcSignIn;
      readonly expired?: true;
    }
  | { readonly is: 'signed-in'; readonly session: Session };

interface SessionGateProps {
  readonly children: ReactNode;
}

/** Shows the page to whoever has signed in, and how to do so to everybody else. */
export function SessionGate({ children }: SessionGateProps): ReactNode {
  const [state, setState] = useState<State>({ is: 'starting' });
  const [attempt, setAttempt] = useState(0);

  // Each attempt is made once, however often its effect runs: the way back from an issuer can be walked only once.
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
  const session = useMemo((): Session | undefined => {
    if (!own) return undefined;
    const signOut = async (): Promise<void> => {
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
    setState(entered(session));
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
      onChoose={choose}
      onIssuer={() => state.is === 'signed-out' && void state.oidc?.begin()}
      onRetry={retry}
    />
  );
}

function entered(session: Session): State {
  callInTheNameOf(session);
  return { is: 'signed-in', session };
}

/** @param onEnd told when the session has ended */
async function start(onEnd: (state: State) => void): Promise<State> {
  const settings = await dataOf(getPageSettings());
  const { signIn } = settings;
  const signedOut: State = { is: 'signed-out', settings };
  if (signIn.kind === 'none') return signedOut;
  if (signIn.kind === 'development') {
    const choice = rememberedChoice();
    if (!choice) return signedOut;
    return entered(
      await developmentSession(choice, () => {
        onEnd({ ...signedOut, expired: true });
      }),
    );
  }

  // Only who signs in at an issuer needs the library for it.
  const { OidcSignIn } = await import('./oidc-session');
  const { authority = '', clientId = '', scope = '' } = signIn;
  const oidc = new OidcSignIn({ authority, clientId, scope });
  if (location.pathname === SIGNED_IN_PATH) {
    try {
      const completed = await oidc.complete(() => {
        onEnd({ ...signedOut, oidc, expired: true });
      });
      if (!completed) return { is: 'starting' };
      history.replaceState(null, '', completed.path);
      return entered(completed.session);
    } catch {
      // The issuer has refused, or the way back was walked twice.
      history.replaceState(null, '', '/');
      return { ...signedOut, oidc };
    }
  }
  if (!oidc.wasSignedIn) return { ...signedOut, oidc };
  await oidc.begin();
  return { is: 'starting' };
}
