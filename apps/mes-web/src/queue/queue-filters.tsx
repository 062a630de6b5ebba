import { useEffect, useEffectEvent, useId, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { PRIORITIES } from '../orders/change';
import { DUE, filtersOf, SORTS, type Due, type QueueView, type Sort } from './queue-view';

/** The pause in typing after which the text takes effect, in milliseconds. */
const TYPING_PAUSE = 250;

interface QueueFiltersProps {
  readonly view: QueueView;
  /** Suggestions for the material. */
  readonly materials: readonly string[];
  /** `replace`: the change belongs to the last one, and navigating back undoes both. */
  readonly onChange: (view: QueueView, replace?: boolean) => void;
}

/** The filters and the order of the queue. On a narrow screen, a button shows them. */
export function QueueFilters({ view, materials, onChange }: QueueFiltersProps): ReactNode {
  const { t } = useTranslation();
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
        {count > 0 ? t('filters.active', { count }) : t('queue.filters')}
      </button>
      <form
        id={formId}
        className="filters"
        role="search"
        aria-label={t('queue.filters')}
        onSubmit={(event) => {
          event.preventDefault();
          close();
        }}
        onKeyDown={({ key }) => {
          if (key === 'Escape' && isOpen) close();
        }}
      >
        <label>
          {t('queue.search')}
          <DebouncedInput
            type="search"
            placeholder={t('queue.searchHint')}
            title={t('queue.searchExplained')}
            value={view.q}
            onChange={(q, replace) => {
              onChange({ ...view, q }, replace);
            }}
          />
        </label>
        <fieldset>
          <legend>{t('queue.priority')}</legend>
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
          {t('queue.material')}
          <DebouncedInput
            type="text"
            list={materialsId}
            placeholder={t('queue.anyMaterial')}
            value={view.material}
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
          {t('queue.due')}
          <select
            value={view.due}
            onChange={({ target }) => {
              onChange({ ...view, due: target.value as Due | '' });
            }}
          >
            <option value="">{t('queue.anyDue')}</option>
            {DUE.map((due) => (
              <option key={due} value={due}>
                {t(`queue.${due}`)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t('queue.sort')}
          <select
            value={view.sort}
            onChange={({ target }) => {
              onChange({ ...view, sort: target.value as Sort });
            }}
          >
            {SORTS.map((sort) => (
              <option key={sort} value={sort}>
                {t(`queue.sorts.${sort}`)}
              </option>
            ))}
          </select>
        </label>
        {count > 0 && (
          <button
            type="button"
            onClick={() => {
              onChange({ q: '', priority: [], material: '', due: '', sort: view.sort });
            }}
          >
            {t('queue.clear')}
          </button>
        )}
        <button type="submit" className="primary filters-done">
          {t('filters.done')}
        </button>
      </form>
    </div>
  );
}

interface DebouncedInputProps {
  readonly type: 'search' | 'text';
  readonly placeholder: string;
  readonly title?: string;
  readonly list?: string;
  readonly value: string;
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
