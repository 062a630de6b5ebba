import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { WorkloadDashboardDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { Due } from '../orders/due';
import { PriorityMark } from '../orders/marks';
import { useJustChanged } from '../shell/use-just-changed';

interface WorkloadProps {
  readonly workload: WorkloadDashboardDto;
  readonly now: Date;
}

/** Who works on what. While orders come and go, their links move; a press right after that does nothing. */
export function Workload({ workload: { operators, isComplete }, now }: WorkloadProps): ReactNode {
  const { t, formats } = useLanguage();
  const isJustChanged = useJustChanged(
    JSON.stringify(operators.map(({ operator, orders }) => [operator, orders.map(({ id }) => id)])),
  );
  return (
    <section aria-labelledby="workload" className="panel">
      <h2 id="workload">{t('dashboard.workload')}</h2>
      {operators.length === 0 && <p>{t('dashboard.nobody')}</p>}
      <ul className="workload">
        {operators.map(({ operator, orders }) => (
          <li key={operator}>
            <h3>
              <bdi>{operator}</bdi> <small>{t('dashboard.started', { count: orders.length })}</small>
            </h3>
            <ul>
              {orders.map(({ id, number, product, priority, dueAt }) => (
                <li key={id}>
                  <Link
                    to={`/orders/${id}`}
                    onClick={(event) => {
                      if (isJustChanged) event.preventDefault();
                    }}
                  >
                    <span className="number">№ {number}</span> <span dir="auto">{product}</span>
                  </Link>
                  {(priority === 'URGENT' || priority === 'HIGH') && <PriorityMark priority={priority} />}
                  {dueAt !== undefined && <Due dueAt={dueAt} now={now} />}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
      {!isComplete && (
        <p>{t('dashboard.incomplete', { number: formats.number(operators.flatMap(({ orders }) => orders).length) })}</p>
      )}
    </section>
  );
}
