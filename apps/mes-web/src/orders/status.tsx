import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { OrderDto } from '../api/client';

/** Where an order is, by word and by colour. */
export function Status({ status }: Pick<OrderDto, 'status'>): ReactNode {
  const { t } = useTranslation();
  return <span className={`mark status-${status.toLowerCase()}`}>{t(`status.${status}`)}</span>;
}
