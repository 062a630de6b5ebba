import type { ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';

/** Whether an order is late. The lists and the filters ask here, so that they agree. */
export function isLate({ dueAt }: Pick<OrderDto, 'dueAt'>, now: Date): boolean {
  return dueAt !== undefined && Date.parse(dueAt) < now.getTime();
}

interface DueProps {
  readonly dueAt: string | undefined;
  readonly now: Date;
  /** Whether the year and the time of the day are shown, too. */
  readonly isExact?: boolean;
}

/** The due date of an order, with the time left or the delay. */
export function Due({ dueAt, now, isExact = false }: DueProps): ReactNode {
  const { t, formats } = useLanguage();
  if (dueAt === undefined) return '–';
  const due = new Date(dueAt);
  const late = isLate({ dueAt }, now);
  const time = formats.duration(due.getTime() - now.getTime());
  return (
    <span className={late ? 'due late' : 'due'} title={formats.dateAndTime(due)}>
      {isExact ? formats.dateAndTime(due) : formats.date(due)}{' '}
      <small>{late ? t('order.late', { time }) : t('order.dueIn', { time })}</small>
    </span>
  );
}
