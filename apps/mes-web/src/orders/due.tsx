import type { ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { isFinished, type Status } from './permissions';

/** Whether an order is late. A finished one is not. The lists and the filters ask here, so that they agree. */
export function isLate({ dueAt, status }: Pick<OrderDto, 'dueAt' | 'status'>, now: Date): boolean {
  return dueAt !== undefined && !isFinished(status) && Date.parse(dueAt) < now.getTime();
}

interface DueProps {
  readonly dueAt: string | undefined;
  readonly status: Status;
  readonly now: Date;
  /** Whether the year and the time of the day are shown, too. */
  readonly isExact?: boolean;
}

/** The due date of an order, with the time left or the delay unless the order is finished. */
export function Due({ dueAt, status, now, isExact = false }: DueProps): ReactNode {
  const { t, formats } = useLanguage();
  if (dueAt === undefined) return '–';
  const due = new Date(dueAt);
  const late = isLate({ dueAt, status }, now);
  const time = formats.duration(due.getTime() - now.getTime());
  return (
    <span className={late ? 'due late' : 'due'} title={formats.dateAndTime(due)}>
      {isExact ? formats.dateAndTime(due) : formats.date(due)}
      {!isFinished(status) && (
        <>
          {' '}
          <small>{late ? t('order.late', { time }) : t('order.dueIn', { time })}</small>
        </>
      )}
    </span>
  );
}
