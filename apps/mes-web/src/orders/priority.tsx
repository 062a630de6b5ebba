import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { OrderDto } from '../api/client';

/** How urgent an order is, by word and by colour. */
export function Priority({ priority }: Pick<OrderDto, 'priority'>): ReactNode {
  const { t } = useTranslation();
  return <span className={`mark priority-${priority.toLowerCase()}`}>{t(`priority.${priority}`)}</span>;
}
