import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { Named } from '../shell/named';
import type { Reason } from './departures';

interface RowActionProps {
  readonly order: OrderDto;
  /** Why the order cannot be taken. */
  readonly reason: Reason | undefined;
  /** Whether a press takes the order that the user sees. */
  readonly isPressable: boolean;
  /** Undefined if the user may not take orders. */
  readonly onTake: ((order: OrderDto) => void) | undefined;
}

/** The button that takes an order, or the reason why it cannot be taken. */
export function RowAction({ order, reason, isPressable, onTake }: RowActionProps): ReactNode {
  const { t } = useLanguage();
  if (reason) return <span className="departure">{textOf(reason, t)}</span>;
  if (!onTake) return null;
  return (
    <button
      type="button"
      className="primary take"
      tabIndex={-1}
      disabled={!isPressable}
      aria-label={t('queue.takeOrder', { number: order.number })}
      onClick={() => {
        onTake(order);
      }}
    >
      {t('queue.take')}
    </button>
  );
}

function textOf(reason: Reason, t: TFunction): ReactNode {
  switch (reason.kind) {
    case 'taken-by':
      return <Named text={(by) => t('queue.takenBy', { by })} name={reason.by} />;
    case 'gone':
      return reason.status ? t(`status.${reason.status}`) : t('held.gone');
    case 'changing':
      return t('step.sending');
    default:
      return t(`queue.${reason.kind}`);
  }
}
