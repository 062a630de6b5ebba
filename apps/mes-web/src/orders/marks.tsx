import type { ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';

/** The status of an order, as a word with a colour. */
export function StatusMark({ status }: Pick<OrderDto, 'status'>): ReactNode {
  const { t } = useLanguage();
  return <span className={`mark status-${status.toLowerCase()}`}>{t(`status.${status}`)}</span>;
}

/** The priority of an order, as a word with a colour. */
export function PriorityMark({ priority }: Pick<OrderDto, 'priority'>): ReactNode {
  const { t } = useLanguage();
  return <span className={`mark priority-${priority.toLowerCase()}`}>{t(`priority.${priority}`)}</span>;
}

/** Why an order is on hold, if it is. */
export function HoldMark({ holdReason }: Pick<OrderDto, 'holdReason'>): ReactNode {
  const { t } = useLanguage();
  return holdReason && <span className="hold-reason">{t(`hold.reasons.${holdReason}`)}</span>;
}
