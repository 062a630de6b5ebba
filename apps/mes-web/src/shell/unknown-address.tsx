import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useLanguage } from '../language/language-context';
import { useTitle } from './use-title';

/** The screen for an address that no screen has. */
export function UnknownAddress(): ReactNode {
  const { t } = useLanguage();
  useTitle(t('unknownAddress.title'));
  return (
    <main className="state" id="content">
      <h1>{t('unknownAddress.title')}</h1>
      <p>{t('unknownAddress.explanation')}</p>
      <Link to="/">{t('unknownAddress.toQueue')}</Link>
    </main>
  );
}
