import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode, type SubmitEvent } from 'react';
import { listOrders, type OrderDto } from '../api/client';
import { dataOf } from '../api/problem';
import { useLanguage } from '../language/language-context';
import { useJustChanged } from '../shell/use-just-changed';
import { Dialog } from './dialog';
import { IN_PROGRESS } from './permissions';
import { typedText } from './typed-text';

/** The most operators that are suggested. */
const MOST_NAMES = 8;

interface HandOverDialogProps {
  readonly title: string;
  readonly order: OrderDto;
  readonly onChoose: (assignee: string) => void;
  readonly onClose: () => void;
}

/** What the dialog says to a name that it does not hand the order over to at once. */
interface Answer {
  readonly name: string;
  readonly text: 'change.unknownName' | 'change.uncheckedName' | 'change.sameName';
}

/**
 * Asks whom an order is handed over to. It suggests operators who have orders in progress. The name of anybody who has none must be
 * confirmed: if it is misspelt, nobody has the order in their list.
 */
export function HandOverDialog({ title, order, onChoose, onClose }: HandOverDialogProps): ReactNode {
  const { t } = useLanguage();
  const id = useId();
  const [answer, setAnswer] = useState<Answer>();
  /** Nobody can have read the answer yet. */
  const isAnswering = useJustChanged(answer?.name ?? '') && answer !== undefined;
  const isQuestion = answer !== undefined && answer.text !== 'change.sameName';
  const lookup = useRef<AbortController>(undefined);
  useEffect(() => () => lookup.current?.abort(), []);
  const names = useQuery({
    queryKey: ['operators'],
    queryFn: async ({ signal }) => {
      const { items } = await dataOf(listOrders({ status: [...IN_PROGRESS], limit: 200 }, { signal }));
      return [...new Set(items.flatMap(({ assignee }) => assignee ?? []))];
    },
  });
  const suggested = (names.data ?? []).filter((name) => name !== order.assignee).slice(0, MOST_NAMES);
  const answerTo = async (name: string, signal: AbortSignal): Promise<Answer | undefined> => {
    if (name === order.assignee) return { name, text: 'change.sameName' };
    if (names.data?.includes(name) || (isQuestion && name === answer.name)) return undefined;
    try {
      // Those that are suggested have the newest orders. Others may have older ones.
      const { items } = await dataOf(listOrders({ assignee: [name], status: [...IN_PROGRESS], limit: 1 }, { signal }));
      return items.length > 0 ? undefined : { name, text: 'change.unknownName' };
    } catch {
      return { name, text: 'change.uncheckedName' };
    }
  };
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem('assignee') as HTMLInputElement;
    const name = field.value;
    if (isAnswering) return;
    lookup.current?.abort();
    const { signal } = (lookup.current = new AbortController());
    const found = await answerTo(name, signal);
    // The name was changed meanwhile, or the dialog was closed.
    if (signal.aborted) return;
    if (found) setAnswer(found);
    else onChoose(name);
  };
  return (
    <Dialog title={title} focus="field" onKeyDown={ignoreHeldEnter} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <label htmlFor={id}>{t('change.name')}</label>
        <input
          id={id}
          name="assignee"
          required
          maxLength={255}
          pattern="[!-~]+"
          title={t('signIn.nameHint')}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onChange={({ currentTarget: field }) => {
            const name = typedText(field.value);
            if (name !== field.value) field.value = name;
            lookup.current?.abort();
            setAnswer(undefined);
          }}
        />
        {answer && <p role="alert">{t(answer.text, { name: answer.name })}</p>}
        <button type="submit" className="primary" aria-disabled={isAnswering}>
          {t(isQuestion ? 'change.handOverAnyway' : 'change.handOver')}
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
