import i18next from 'i18next';
import { useSyncExternalStore, type ReactNode } from 'react';
import { LanguageContext, presentLanguage } from './language-context';

/** Gives the page its language, and draws it anew in another one. */
export function LanguageProvider({ children }: { readonly children: ReactNode }): ReactNode {
  return <LanguageContext value={useSyncExternalStore(subscribe, presentLanguage)}>{children}</LanguageContext>;
}

function subscribe(onChange: () => void): () => void {
  i18next.on('languageChanged', onChange);
  return () => {
    i18next.off('languageChanged', onChange);
  };
}
