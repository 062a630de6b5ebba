import { useId, useState, type SubmitEvent, type ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import { Preferences } from '../shell/preferences';
import type { Choice } from './development-session';
import { Problem } from '../api/problem';
import { ROLES, type Role } from './session';
import './sign-in.css';

interface SignInProps {
  readonly state: 'starting' | 'failed' | 'storage-refused' | 'signed-out';
  readonly kind?: 'development' | 'oidc' | 'none' | undefined;
  readonly expired: boolean;
  readonly refusal: string | undefined;
  readonly onChoose: (choice: Choice) => Promise<void>;
  readonly onIssuer: () => void;
  readonly onRetry: () => void;
}

/** The sign-in screen. */
export function SignIn({ state, kind, expired, refusal, onChoose, onIssuer, onRetry }: SignInProps): ReactNode {
  const { t } = useLanguage();
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <h1>{t('title')}</h1>
        {expired && <p role="alert">{t('signIn.expired')}</p>}
        {refusal !== undefined && <p role="alert">{t('signIn.refused', { why: refusal })}</p>}
        {state === 'starting' && <p role="status">{t('loading')}</p>}
        {state === 'failed' && (
          <>
            <p role="alert">{t('signIn.unreachable')}</p>
            <button type="button" className="primary" onClick={onRetry}>
              {t('tryAgain')}
            </button>
          </>
        )}
        {state === 'storage-refused' && <p role="alert">{t('signIn.storageRefused')}</p>}
        {kind === 'oidc' && (
          <button type="button" className="primary" onClick={onIssuer}>
            {t('signIn.signIn')}
          </button>
        )}
        {kind === 'none' && <p>{t('signIn.none')}</p>}
        {kind === 'development' && <DevelopmentChooser onChoose={onChoose} />}
      </div>
      <Preferences />
    </main>
  );
}

function DevelopmentChooser({ onChoose }: Pick<SignInProps, 'onChoose'>): ReactNode {
  const { t } = useLanguage();
  const nameId = useId();
  const [name, setName] = useState('');
  const [failure, setFailure] = useState<'failed' | 'unreachable'>();

  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const { submitter } = event.nativeEvent as unknown as { readonly submitter: HTMLButtonElement };
    const role = submitter.value as Role;
    setFailure(undefined);
    onChoose({ role, name: name || `${role}-1` }).catch((error: unknown) => {
      setFailure(error instanceof Problem && error.isDecision ? 'failed' : 'unreachable');
    });
  };
  return (
    <form onSubmit={submit}>
      <p>{t('signIn.development')}</p>
      <label htmlFor={nameId}>{t('signIn.name')}</label>
      <input
        id={nameId}
        value={name}
        maxLength={100}
        pattern="[!-~]+"
        title={t('signIn.nameHint')}
        autoComplete="off"
        placeholder="operator-1"
        onChange={({ target }) => {
          setName(target.value);
        }}
      />
      <div className="sign-in-roles">
        {ROLES.map((role) => (
          <button key={role} type="submit" value={role} className={role === 'operator' ? 'primary' : undefined}>
            {t(`role.${role}`)}
          </button>
        ))}
      </div>
      {failure && <p role="alert">{t(`signIn.${failure}`)}</p>}
    </form>
  );
}
