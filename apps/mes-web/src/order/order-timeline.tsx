import type { ReactNode } from 'react';
import type { OrderDto, OrderHistoryChangeDto, OrderHistoryDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import type { Priority } from '../orders/change';
import { HoldMark, StatusMark } from '../orders/marks';
import { entriesOf } from './timeline-entries';

interface OrderTimelineProps {
  readonly order: OrderDto;
  /** Undefined while only the order itself is known. */
  readonly history: OrderHistoryDto | undefined;
}

/** All that has happened to an order, oldest first. */
export function OrderTimeline({ order, history }: OrderTimelineProps): ReactNode {
  const { t } = useLanguage();
  const entries = history ? entriesOf(history) : [];
  return (
    <ol className="timeline">
      <li>
        <strong>{t('order.created')}</strong>
        <Stamp at={order.createdAt} by={order.createdBy} />
      </li>
      {entries.map(({ version, at, by, step, changes }) => (
        <li key={version}>
          {step && (
            <>
              <StatusMark status={step.to} /> <HoldMark holdReason={step.reason} />
            </>
          )}
          {changes.map((change) => (
            <FieldChange key={change.field} change={change} />
          ))}
          <Stamp at={at} by={by} />
          {step?.comment !== undefined && <p dir="auto">{step.comment}</p>}
        </li>
      ))}
    </ol>
  );
}

interface FieldChangeProps {
  readonly change: OrderHistoryChangeDto;
}

function FieldChange({ change: { field, from, to } }: FieldChangeProps): ReactNode {
  const { t, formats } = useLanguage();
  const textOf = (value: string | undefined): string => {
    if (value === undefined) return '–';
    if (field === 'priority') return t(`priority.${value as Priority}`);
    return field === 'dueAt' ? formats.dateAndTime(new Date(value)) : value;
  };
  return (
    <div className="field-change">
      {t(field === 'dueAt' ? 'order.due' : `order.${field}`)}: <bdi>{textOf(from)}</bdi> →{' '}
      <strong>
        <bdi>{textOf(to)}</bdi>
      </strong>
    </div>
  );
}

function Stamp({ at, by }: { readonly at: string; readonly by: string }): ReactNode {
  const { formats } = useLanguage();
  return (
    <small>
      {formats.dateAndTime(new Date(at))}, <bdi>{by}</bdi>
    </small>
  );
}
