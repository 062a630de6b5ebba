import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useId, useRef, useState, type ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import { PRIORITIES } from './change';
import { DUE, filtersOf, NO_FILTERS, type Due, type OrdersView } from './orders-view';
import { loadedMaterials } from './use-orders';
import type { ChangeView } from './use-view';
import './filter-bar.css';

/** The pause in typing after which the text takes effect, in milliseconds. */
const TYPING_PAUSE = 250;

interface FilterBarProps {
  readonly view: OrdersView;
  readonly onChange: ChangeView;
  /** A further field after the filters. */
  readonly field?: ReactNode;
  /** The menus beside the filters. */
  readonly children: ReactNode;
}

/** The filters of the list and the board, with the menus. On a narrow screen, a button shows the filters. */
export function FilterBar({ view, onChange, field, children }: FilterBarProps): ReactNode {
  const { t } = useLanguage();
  const queries = useQueryClient();
  const [materials, setMaterials] = useState<readonly string[]>([]);
  const formId = useId();
  const materialsId = useId();
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
          <label>
            {t('filters.material')}
            <DebouncedInput
              type="text"
              list={materialsId}
              placeholder={t('filters.anyMaterial')}
              value={view.material}
              onFocus={() => {
                setMaterials(loadedMaterials(queries));
              }}
              onChange={(material, replace) => {
                onChange({ ...view, material }, replace);
              }}
            />
            <datalist id={materialsId}>
              {materials.map((material) => (
                <option key={material} value={material} />
              ))}
            </datalist>
          </label>
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
            disabled={count === 0}
            onClick={() => {
              onChange({ ...view, ...NO_FILTERS });
            }}
          >
            {t('filters.clear')}
          </button>
          <button type="submit" className="primary filters-done">
            {t('filters.done')}
          </button>
        </form>
      </div>
      <div className="filter-menus">{children}</div>
    </div>
  );
}

interface DebouncedInputProps {
  readonly type: 'search' | 'text';
  readonly placeholder: string;
  readonly title?: string;
  readonly list?: string;
  readonly value: string;
  readonly onFocus?: () => void;
  /** `replace`: the text was changed before, without leaving the field. */
  readonly onChange: (value: string, replace: boolean) => void;
}

/** A text input that reports its value after a pause in typing. */
function DebouncedInput({ value, onChange, ...input }: DebouncedInputProps): ReactNode {
  const [typed, setTyped] = useState(value);
  const [last, setLast] = useState(value);
  const reported = useRef<string>(undefined);
  const report = useEffectEvent(onChange);
  if (last !== value) {
    setLast(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => {
      const isFurther = reported.current === value;
      reported.current = typed;
      report(typed, isFurther);
    }, TYPING_PAUSE);
    return () => {
      clearTimeout(timer);
    };
  }, [typed, value]);
  return (
    <input
      {...input}
      value={typed}
      maxLength={100}
      onChange={({ target }) => {
        setTyped(target.value);
      }}
      onBlur={() => {
        reported.current = undefined;
      }}
    />
  );
}
