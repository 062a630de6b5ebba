import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import './sending.css';

/** Says that a change is under way, if that takes long enough to be noticed. */
export function Sending(): ReactNode {
  const { t } = useTranslation();
  return (
    <span className="sending" role="status">
      {t('step.sending')}
    </span>
  );
}
