import { useId, useRef, useState, type ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { PRIORITIES } from './change';
import { DebouncedInput } from './debounced-input';
import { DUE, filtersOf, NO_FILTERS, type Due, type OrdersView } from './orders-view';
import type { ChangeView } from './use-view';
import { ValueFilter } from './value-filter';
import './filter-bar.css';

interface FilterBarProps {
  readonly view: OrdersView;
  readonly onChange: ChangeView;
  /** A further field after the filters. */
  readonly field?: ReactNode;
  /** The menu beside the filters. */
  readonly children: ReactNode;
}

/** The filters of the list and the board, in one row at a desk, with a menu. On a narrow screen, a button shows the filters. */
export function FilterBar({ view, onChange, field, children }: FilterBarProps): ReactNode {
  const { t } = useLanguage();
  const formId = useId();
  const [isOpen, setIsOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const count = filtersOf(view);
  const close = (): void => {
    setIsOpen(false);
    toggle.current?.focus();
  };
  return (
    <div className="filter-bar">
      <div className={isOpen ? 'filters-fold open' : 'filters-fold'}>
        <button
          ref={toggle}
          type="button"
          className="filters-toggle"
          aria-expanded={isOpen}
          aria-controls={formId}
          onClick={() => {
            setIsOpen(!isOpen);
          }}
        >
          {count > 0 ? t('filters.active', { count }) : t('filters.title')}
        </button>
        <form
          id={formId}
          className="filters"
          role="search"
          aria-label={t('filters.title')}
          onSubmit={(event) => {
            event.preventDefault();
            close();
          }}
          onKeyDown={({ key }) => {
            if (key === 'Escape' && isOpen) close();
          }}
        >
          <label>
            {t('filters.search')}
            <DebouncedInput
              type="search"
              placeholder={t('filters.searchHint')}
              title={t('filters.searchExplained')}
              value={view.q}
              onChange={(q, replace) => {
                onChange({ ...view, q }, replace);
              }}
            />
          </label>
          <fieldset>
            <legend>{t('filters.priority')}</legend>
            {PRIORITIES.map((priority) => (
              <label key={priority} className="chip">
                <input
                  type="checkbox"
                  checked={view.priority.includes(priority)}
                  onChange={({ target }) => {
                    const others = view.priority.filter((one) => one !== priority);
                    onChange({ ...view, priority: target.checked ? [...others, priority] : others });
                  }}
                />
                {t(`priority.${priority}`)}
              </label>
            ))}
          </fieldset>
          <ValueFilter
            label={t('filters.material')}
            placeholder={t('filters.anyMaterial')}
            value={view.material}
            valueOf={materialOf}
            onChange={(material, replace) => {
              onChange({ ...view, material }, replace);
            }}
          />
          <label>
            {t('filters.due')}
            <select
              value={view.due}
              onChange={({ target }) => {
                onChange({ ...view, due: target.value as Due | '' });
              }}
            >
              <option value="">{t('filters.anyDue')}</option>
              {DUE.map((due) => (
                <option key={due} value={due}>
                  {t(`filters.${due}`)}
                </option>
              ))}
            </select>
          </label>
          {field}
          {/* It is always there: the orders below do not move when a filter is set. */}
          <button
            type="button"
            // A disabled button would lose the focus when it is pressed.
            aria-disabled={count === 0}
            onClick={() => {
              if (count > 0) onChange({ ...view, ...NO_FILTERS });
            }}
          >
            {t('filters.clear')}
          </button>
          <button type="submit" className="primary filters-done">
            {t('filters.done')}
          </button>
        </form>
      </div>
      {children}
    </div>
  );
}

function materialOf({ material }: OrderDto): string {
  return material;
}
