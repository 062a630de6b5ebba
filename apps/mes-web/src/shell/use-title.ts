import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';

/** Names the screen in the title of the document, which the tab and the history of the browser show. */
export function useTitle(screen: string): void {
  const { t } = useTranslation();
  const title = `${screen} – ${t('title')}`;
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = t('title');
    };
  }, [title, t]);
}
