import { Fragment, type ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { useAsOf } from '../live/as-of';
import type { OrdersView } from '../orders/orders-view';

interface PrintedQueueProps {
  readonly view: OrdersView;
  readonly orders: readonly OrderDto[];
  readonly hasMore: boolean;
  /** How many orders there are. Undefined if it is not known. */
  readonly totals: string | undefined;
}

/** The queue on paper: all loaded orders in a table, with the filters that have selected them. */
export function PrintedQueue({ view, orders, hasMore, totals }: PrintedQueueProps): ReactNode {
  const { t, formats } = useLanguage();
  const asOf = useAsOf();
  const filters: [name: string, value: string][] = [
    [t('filters.search'), view.q],
    [t('filters.priority'), view.priority.map((priority) => t(`priority.${priority}`)).join(', ')],
    [t('filters.material'), view.material],
    [t('filters.due'), view.due && t(`filters.${view.due}`)],
  ];
  return (
    <section className="on-paper">
      <h1>{t('queue.title')}</h1>
      <p>
        {hasMore
          ? t('print.first', { count: orders.length })
          : (totals ?? t('queue.documentTitle', { count: orders.length }))}
        {filters
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <Fragment key={name}>
              {' · '}
              {name}: <bdi>{value}</bdi>
            </Fragment>
          ))}
        {asOf && `, ${t('print.asOf', { time: formats.dateAndTime(asOf) })}`}
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
