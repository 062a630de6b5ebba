import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { OrderDto } from '../api/client';
import { useFormats } from '../language/formats';

interface PrintedQueueProps {
  readonly orders: readonly OrderDto[];
  readonly hasMore: boolean;
  readonly now: Date;
}

/** The queue on paper: all loaded orders in a table. */
export function PrintedQueue({ orders, hasMore, now }: PrintedQueueProps): ReactNode {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <section className="on-paper">
      <h1>{t('queue.title')}</h1>
      <p>
        {t(hasMore ? 'print.first' : 'queue.documentTitle', { count: orders.length })},{' '}
        {t('print.asOf', { time: formats.dateAndTime(now) })}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('order.number')}</th>
            <th scope="col">{t('order.customer')}</th>
            <th scope="col">{t('order.product')}</th>
            <th scope="col">{t('order.material')}</th>
            <th scope="col">{t('order.quantityShort')}</th>
            <th scope="col">{t('order.priority')}</th>
            <th scope="col">{t('order.due')}</th>
          </tr>
        </thead>
        <tbody>
          {orders.map(({ id, number, customer, product, material, quantity, priority, dueAt }) => (
            <tr key={id}>
              <td>{number}</td>
              <td dir="auto">{customer.name}</td>
              <td dir="auto">{product.name}</td>
              <td dir="auto">{material}</td>
              <td>{formats.number(quantity)}</td>
              <td>{t(`priority.${priority}`)}</td>
              <td>{dueAt === undefined ? '–' : formats.dateAndTime(new Date(dueAt))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
