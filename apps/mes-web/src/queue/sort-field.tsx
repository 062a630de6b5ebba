import type { ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import { SORTS, type Sort } from '../orders/orders-view';

interface SortFieldProps {
  readonly sort: Sort;
  readonly onChange: (sort: Sort) => void;
}

/** The field for the order of the list. */
export function SortField({ sort, onChange }: SortFieldProps): ReactNode {
  const { t } = useLanguage();
  return (
    <label>
      {t('queue.sort')}
      <select
        value={sort}
        onChange={({ target }) => {
          onChange(target.value as Sort);
        }}
      >
        {SORTS.map((one) => (
          <option key={one} value={one}>
            {t(`queue.sorts.${one}`)}
          </option>
        ))}
      </select>
    </label>
  );
}
