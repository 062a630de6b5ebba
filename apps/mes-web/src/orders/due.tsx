import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../language/formats';

interface DueProps {
  readonly dueAt: string | undefined;
  readonly now: Date;
}

/** The due date of an order, with the time left or the delay. */
export function Due({ dueAt, now }: DueProps): ReactNode {
  const { t } = useTranslation();
  const formats = useFormats();
  if (dueAt === undefined) return '–';
  const due = new Date(dueAt);
  const left = due.getTime() - now.getTime();
  const time = formats.duration(left);
  return (
    <span className={left < 0 ? 'late' : undefined} title={formats.dateAndTime(due)}>
      {formats.date(due)}
      <small>{left < 0 ? t('order.late', { time }) : t('order.dueIn', { time })}</small>
    </span>
  );
}
