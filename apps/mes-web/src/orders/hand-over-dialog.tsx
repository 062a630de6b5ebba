import { useQuery } from '@tanstack/react-query';
import { useId, useState, type KeyboardEvent, type ReactNode, type SubmitEvent } from 'react';
import { listOrders, type OrderDto } from '../api/client';
import { dataOf } from '../api/problem';
import { useLanguage } from '../language/language-context';
import { useJustChanged } from '../shell/use-just-changed';
import { Dialog } from './dialog';

/** The most operators that are suggested. */
const MOST_NAMES = 8;

interface HandOverDialogProps {
  readonly title: string;
  readonly order: OrderDto;
  readonly onChoose: (assignee: string) => void;
  readonly onClose: () => void;
}

/**
 * Asks whom an order is handed over to. It suggests the operators who have orders in progress. Any other name must be confirmed: if it
 * is misspelt, nobody has the order in their list.
 */
export function HandOverDialog({ title, order, onChoose, onClose }: HandOverDialogProps): ReactNode {
  const { t } = useLanguage();
  const id = useId();
  /** The name that has to be confirmed. */
  const [unknown, setUnknown] = useState<string>();
  /** Nobody can have read the question yet. */
  const isAsking = useJustChanged(unknown ?? '') && unknown !== undefined;
  const names = useQuery({
    queryKey: ['operators'],
    queryFn: async ({ signal }) => {
      const status = ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING', 'ON_HOLD'] as const;
      const { items } = await dataOf(listOrders({ status: [...status], limit: 200 }, { signal }));
      return [...new Set(items.flatMap(({ assignee }) => assignee ?? []))];
    },
  });
  const suggested = (names.data ?? []).filter((name) => name !== order.assignee).slice(0, MOST_NAMES);
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem('assignee') as HTMLInputElement;
    const name = field.value.trim();
    if (name === order.assignee || isAsking) return;
    if (names.data?.includes(name) || name === unknown) onChoose(name);
    else setUnknown(name);
  };
  return (
    <Dialog title={title} focus="field" onKeyDown={ignoreHeldEnter} onClose={onClose}>
      <form onSubmit={submit}>
        <label htmlFor={id}>{t('change.name')}</label>
        <input
          id={id}
          name="assignee"
          required
          maxLength={255}
          pattern="\s*[!-~]+\s*"
          title={t('signIn.nameHint')}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onChange={() => {
            setUnknown(undefined);
          }}
        />
        {unknown !== undefined && <p role="alert">{t('change.unknownName', { name: unknown })}</p>}
        <button type="submit" className="primary" aria-disabled={isAsking}>
          {t(unknown === undefined ? 'change.handOver' : 'change.handOverAnyway')}
        </button>
      </form>
      {suggested.length > 0 && (
        <div className="choices" role="group" aria-label={t('change.names')}>
          <span aria-hidden="true">{t('change.names')}</span>
          {suggested.map((name) => (
            <button
              key={name}
              type="button"
              onClick={() => {
                onChoose(name);
              }}
            >
              <bdi>{name}</bdi>
            </button>
          ))}
        </div>
      )}
    </Dialog>
  );
}

/** A held key must not confirm a name before it was read. */
function ignoreHeldEnter(event: KeyboardEvent): void {
  if (event.key === 'Enter' && event.repeat) event.preventDefault();
}
