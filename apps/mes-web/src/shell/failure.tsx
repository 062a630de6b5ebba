import type { ReactNode } from 'react';
import { reasonOf } from '../api/problem';
import { useLanguage } from '../language/language-context';

interface FailureProps {
  readonly error: Error;
  readonly onRetry: () => void;
}

/** The message shown in place of data that could not be loaded, with a button to try again. */
export function Failure({ error, onRetry }: FailureProps): ReactNode {
  const { t } = useLanguage();
  return (
    <div className="state" role="alert">
      <p>
        <strong>{t('problem.title')}</strong> {t(`problem.${reasonOf(error)}`)}
      </p>
      <button type="button" onClick={onRetry}>
        {t('tryAgain')}
      </button>
    </div>
  );
}
