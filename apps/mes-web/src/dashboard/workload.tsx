import type { MouseEvent, ReactNode } from 'react';
import { Link } from 'react-router';
import type { WorkloadDashboardDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { Due } from '../orders/due';
import { addressOf } from '../orders/list-or-board';
import { PriorityMark } from '../orders/marks';
import { NO_FILTERS } from '../orders/orders-view';
import { useJustChanged } from '../shell/use-just-changed';

interface WorkloadProps {
  readonly workload: WorkloadDashboardDto;
  readonly now: Date;
}

/**
 * Who works on what: the operators whose orders are due soonest, with the first orders of each. Links lead to the others on the
 * board. While orders come and go, the links move; a press right after that does nothing.
 */
export function Workload({ workload: { operators, operatorCount, orderCount }, now }: WorkloadProps): ReactNode {
  const { t } = useLanguage();
  const isJustChanged = useJustChanged(
    JSON.stringify(
      operators.map(({ operator, count, orders }) => [operator, count > orders.length, orders.map(({ id }) => id)]),
    ),
  );
  const onClick = (event: MouseEvent): void => {
    if (isJustChanged) event.preventDefault();
  };
  const boardOf = (assignee: string): string => addressOf('board', { ...NO_FILTERS, assignee, sort: '-priority' });
  const others = operatorCount - operators.length;
  const ordersOfOthers = orderCount - operators.reduce((sum, { count }) => sum + count, 0);
  return (
    <section aria-labelledby="workload" className="panel">
      <h2 id="workload">{t('dashboard.workload')}</h2>
      {operators.length === 0 ? (
        <p>{t('dashboard.nobody')}</p>
      ) : (
        <small>
          {t('dashboard.operators', { count: operatorCount })} · {t('dashboard.started', { count: orderCount })} ·{' '}
          {t('queue.sorts.dueAt')}
        </small>
      )}
      <ul className="workload">
        {operators.map(({ operator, count, orders }) => {
          const more = t('dashboard.moreOrders', { count: count - orders.length });
          return (
            <li key={operator}>
              <h3>
                <bdi>{operator}</bdi> <small>{t('dashboard.started', { count })}</small>
              </h3>
              <ul>
                {orders.map(({ id, number, product, priority, dueAt }) => (
                  <li key={id}>
                    <Link to={`/orders/${id}`} onClick={onClick}>
                      <span className="where-to">
                        <span className="number">№ {number}</span> <span dir="auto">{product}</span>
                      </span>
                      {(priority === 'URGENT' || priority === 'HIGH') && <PriorityMark priority={priority} />}
                      {dueAt !== undefined && <Due dueAt={dueAt} status="MANUFACTURING_STARTED" now={now} />}
                    </Link>
                  </li>
                ))}
                {count > orders.length && (
                  <li>
                    <Link to={boardOf(operator)} aria-label={`${operator}: ${more}`} onClick={onClick}>
                      <span className="where-to">{more}</span>
                    </Link>
                  </li>
                )}
              </ul>
            </li>
          );
        })}
      </ul>
      {others > 0 && (
        <Link className="other-operators" to={boardOf('')} onClick={onClick}>
          {t('dashboard.moreOperators', { count: others, orders: t('dashboard.started', { count: ordersOfOthers }) })}
        </Link>
      )}
    </section>
  );
}
