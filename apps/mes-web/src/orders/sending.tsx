import type { ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import './sending.css';

/** Says that a change is under way, if that takes long enough to be noticed. */
export function Sending(): ReactNode {
  const { t } = useLanguage();
  return (
    <span className="sending" role="status">
      {t('step.sending')}
    </span>
  );
}
