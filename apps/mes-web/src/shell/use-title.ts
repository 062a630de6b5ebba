import { useEffect } from 'react';
import { useLanguage } from '../language/language-context';

/** Names the screen in the title of the document, which the tab and the history of the browser show. */
export function useTitle(screen: string): void {
  const { t } = useLanguage();
  const title = `${screen} – ${t('title')}`;
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = t('title');
    };
  }, [title, t]);
}
