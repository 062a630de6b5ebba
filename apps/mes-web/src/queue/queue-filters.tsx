import { useEffect, useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { DUE, isFiltered, PRIORITIES, SORTS, type Due, type QueueView, type Sort } from './queue-view';

/** The pause in typing after which the text takes effect, in milliseconds. */
const TYPING_PAUSE = 250;

interface QueueFiltersProps {
  readonly view: QueueView;
  /** Suggestions for the material. */
  readonly materials: readonly string[];
  readonly onChange: (view: QueueView) => void;
}

/** The filters and the order of the queue. */
export function QueueFilters({ view, materials, onChange }: QueueFiltersProps): ReactNode {
  const { t } = useTranslation();
  const materialsId = useId();
  return (
    <form
      className="filters"
      role="search"
      aria-label={t('queue.filters')}
      onSubmit={(event) => {
        event.preventDefault();
      }}
    >
      <label>
        {t('queue.search')}
        <DebouncedInput
          type="search"
          placeholder={t('queue.searchHint')}
          value={view.q}
          onChange={(q) => {
            onChange({ ...view, q });
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
          onChange={(material) => {
            onChange({ ...view, material });
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
      {isFiltered(view) && (
        <button
          type="button"
          onClick={() => {
            onChange({ q: '', priority: [], material: '', due: '', sort: view.sort });
          }}
        >
          {t('queue.clear')}
        </button>
      )}
    </form>
  );
}

interface DebouncedInputProps {
  readonly type: 'search' | 'text';
  readonly placeholder: string;
  readonly list?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A text input that reports its value after a pause in typing. */
function DebouncedInput({ value, onChange, ...input }: DebouncedInputProps): ReactNode {
  const [typed, setTyped] = useState(value);
  const [last, setLast] = useState(value);
  if (last !== value) {
    setLast(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => {
      onChange(typed);
    }, TYPING_PAUSE);
    return () => {
      clearTimeout(timer);
    };
  }, [typed, value, onChange]);
  return (
    <input
      {...input}
      value={typed}
      maxLength={100}
      onChange={({ target }) => {
        setTyped(target.value);
      }}
    />
  );
}
