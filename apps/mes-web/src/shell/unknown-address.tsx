import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

/** The screen for an address that no screen has. */
export function UnknownAddress(): ReactNode {
  const { t } = useTranslation();
  return (
    <main className="state" id="content">
      <h1>{t('unknownAddress.title')}</h1>
      <p>{t('unknownAddress.explanation')}</p>
      <Link to="/">{t('unknownAddress.toQueue')}</Link>
    </main>
  );
}
