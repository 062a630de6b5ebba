import type { ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import type { Sort } from '../orders/orders-view';
import type { Column } from './list-layout';

/** The orders of the API for each column, with the direction in which the values of the column run. */
const SORTS_OF: Readonly<Partial<Record<Column, readonly { sort: Sort; direction: 'ascending' | 'descending' }[]>>> = {
  priority: [{ sort: '-priority', direction: 'descending' }],
  due: [{ sort: 'dueAt', direction: 'ascending' }],
  age: [
    { sort: 'createdAt', direction: 'descending' },
    { sort: '-createdAt', direction: 'ascending' },
  ],
};

interface SortHeaderProps {
  readonly column: Column;
  readonly sort: Sort;
  /** Undefined if the header is not visible, and only names the columns. */
  readonly onSort: ((sort: Sort) => void) | undefined;
}

/** The header of a column. If the list can be sorted by the column, it is a button that does so, or turns the order around. */
export function SortHeader({ column, sort, onSort }: SortHeaderProps): ReactNode {
  const { t } = useLanguage();
  const text = t(column === 'quantity' ? 'order.quantityShort' : `order.${column}`);
  const sorts = SORTS_OF[column];
  const current = sorts?.find((one) => one.sort === sort);
  const next = sorts?.find((one) => one.sort !== sort) ?? sorts?.[0];
  return (
    <div role="columnheader" className={`cell-${column}`} aria-sort={current?.direction}>
      {next && onSort ? (
        <button
          type="button"
          title={t(`queue.sorts.${next.sort}`)}
          onClick={() => {
            onSort(next.sort);
          }}
        >
          {text}
        </button>
      ) : (
        text
      )}
    </div>
  );
}
