import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { OldestNewOrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { useJustChanged } from '../shell/use-just-changed';

interface OldestOrderProps {
  readonly order: OldestNewOrderDto | null;
  readonly now: Date;
}

/** The order that has waited longest in the queue. A press right after another order has taken its place does nothing. */
export function OldestOrder({ order, now }: OldestOrderProps): ReactNode {
  const { t, formats } = useLanguage();
  const isJustChanged = useJustChanged(order?.id ?? '');
  return (
    <section aria-labelledby="oldest" className="panel oldest">
      <h2 id="oldest">{t('dashboard.oldest')}</h2>
      {order ? (
        <>
          <strong>{formats.longDuration(now.getTime() - Date.parse(order.createdAt))}</strong>
          <Link
            to={`/orders/${order.id}`}
            onClick={(event) => {
              if (isJustChanged) event.preventDefault();
            }}
          >
            {t('order.heading', { number: order.number })}
          </Link>
        </>
      ) : (
        <>
          <strong>–</strong>
          <span>{t('dashboard.noNew')}</span>
        </>
      )}
    </section>
  );
}
