import { useEffect, useState, type ReactNode } from 'react';
import { getPageSettings, type PageSettingsDto } from '../api/client';
import { callInTheNameOf } from '../api/connect';
import { dataOf } from '../api/problem';
import { developmentSession, rememberedChoice, type Choice } from './development-session';
import { SIGNED_IN_PATH } from './signed-in-path';
import type { OidcSignIn } from './oidc-session';
import type { Session } from './session';
import { SessionContext } from './session-context';
import { SignIn } from './sign-in';

type State =
  | { readonly is: 'starting' }
  | { readonly is: 'failed' }
  | { readonly is: 'signed-out'; readonly settings: PageSettingsDto; readonly oidc?: OidcSignIn; readonly expired?: true }
  | { readonly is: 'signed-in'; readonly session: Session };

interface SessionGateProps {
  readonly children: ReactNode;
}

/** Shows the page to whoever has signed in, and how to do so to everybody else. */
export function SessionGate({ children }: SessionGateProps): ReactNode {
  const [state, setState] = useState<State>({ is: 'starting' });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let current = true;
    start((next) => {
      if (current) setState(next);
    }).catch(() => {
      if (current) setState({ is: 'failed' });
    });
    return () => {
      current = false;
    };
  }, [attempt]);

  if (state.is === 'signed-in') {
    const { session } = state;
    const signOut = async (): Promise<void> => {
      await session.signOut();
      setAttempt((last) => last + 1);
    };
    return <SessionContext value={{ ...session, signOut }}>{children}</SessionContext>;
  }

  const settings = state.is === 'signed-out' ? state.settings : undefined;
  const choose = async (choice: Choice): Promise<void> => {
    const session = await developmentSession(choice, () => {
      if (settings) setState({ is: 'signed-out', settings, expired: true });
    });
    enter(session, setState);
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

function enter(session: Session, setState: (state: State) => void): void {
  callInTheNameOf(session);
  setState({ is: 'signed-in', session });
}

async function start(setState: (state: State) => void): Promise<void> {
  const settings = await dataOf(getPageSettings());
  const { signIn } = settings;

  if (signIn.kind === 'development') {
    const choice = rememberedChoice();
    if (!choice) {
      setState({ is: 'signed-out', settings });
      return;
    }
    const onEnd = (): void => {
      setState({ is: 'signed-out', settings, expired: true });
    };
    enter(await developmentSession(choice, onEnd), setState);
    return;
  }
  if (signIn.kind === 'none') {
    setState({ is: 'signed-out', settings });
    return;
  }

  // Only who signs in at an issuer needs the library for it.
  const { OidcSignIn } = await import('./oidc-session');
  const { authority = '', clientId = '', scope = '' } = signIn;
  const oidc = new OidcSignIn({ authority, clientId, scope });
  const signedOut = (expired?: true): void => {
    setState({ is: 'signed-out', settings, oidc, expired });
  };
  if (location.pathname === SIGNED_IN_PATH) {
    try {
      const { session, path } = await oidc.complete(() => {
        signedOut(true);
      });
      history.replaceState(null, '', path);
      enter(session, setState);
    } catch {
      // The issuer has refused, or the way back was walked twice.
      history.replaceState(null, '', '/');
      signedOut();
    }
    return;
  }
  if (oidc.wasSignedIn) await oidc.begin();
  else signedOut();
}
