import type { CSSProperties, ReactNode } from 'react';
import { Link } from 'react-router';
import type { DueCountDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { PRIORITIES, type Priority } from '../orders/change';
import { addressOf } from '../orders/list-or-board';
import { PriorityMark } from '../orders/marks';
import { NO_FILTERS } from '../orders/orders-view';
import { lateCount } from './late-counts';

const COLUMNS = [
  { due: 'overdue', where: 'list' },
  { due: 'overdue', where: 'board' },
  { due: 'day', where: 'list' },
  { due: 'day', where: 'board' },
] as const;

interface LateOrdersProps {
  readonly counts: readonly DueCountDto[];
}

/**
 * The overdue orders and those due within 24 hours, by priority. Each number is a link to these orders: new ones in the list, others
 * on the board. The table always has the same rows, so that no number moves.
 */
export function LateOrders({ counts }: LateOrdersProps): ReactNode {
  const { t } = useLanguage();
  const rows: readonly (Priority | undefined)[] = [...PRIORITIES, undefined];
  return (
    <section aria-labelledby="late" className="panel">
      <h2 id="late">{t('dashboard.late')}</h2>
      <table className="late-orders">
        <thead>
          <tr>
            <td />
            <th scope="colgroup" colSpan={2}>
              {t('dashboard.overdue')}
            </th>
            <th scope="colgroup" colSpan={2}>
              {t('dashboard.soon')} <small>{t('dashboard.withOverdue')}</small>
            </th>
          </tr>
          <tr>
            <th scope="col">{t('order.priority')}</th>
            {COLUMNS.map(({ due, where }) => (
              <th scope="col" key={due + where}>
                {t(`dashboard.where.${where}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((priority) => (
            <tr key={priority ?? 'all'} className={priority ? undefined : 'all'}>
              <th scope="row">{priority ? <PriorityMark priority={priority} /> : t('dashboard.all')}</th>
              {COLUMNS.map(({ due, where }) => (
                <td key={due + where}>
                  <Late counts={counts} due={due} where={where} priority={priority} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface LateProps extends LateOrdersProps {
  readonly due: 'overdue' | 'day';
  readonly where: 'list' | 'board';
  readonly priority: Priority | undefined;
}

/** One number, with a bar for its share of the number of all priorities. */
function Late({ counts, due, where, priority }: LateProps): ReactNode {
  const { t, formats } = useLanguage();
  const { count, isLeast } = lateCount(counts, due, where, priority);
  if (count === 0) return <span className="late-count none">0</span>;
  const number = isLeast ? t('board.atLeast', { number: formats.number(count) }) : formats.number(count);
  // The bar of the sum would always be full.
  const share = priority ? count / lateCount(counts, due, where, undefined).count : 0;
  const name = t('dashboard.lateLink', {
    number,
    due: t(due === 'overdue' ? 'dashboard.overdue' : 'dashboard.soon'),
    priority: priority ? t(`priority.${priority}`) : t('dashboard.all'),
    where: t(`dashboard.where.${where}`),
  });
  return (
    <Link
      className={due === 'overdue' ? 'late-count overdue' : 'late-count'}
      style={{ '--share': String(share) } as CSSProperties}
      to={addressOf(where, { ...NO_FILTERS, priority: priority ? [priority] : [], due, sort: 'dueAt' })}
      aria-label={name}
    >
      {number}
    </Link>
  );
}
