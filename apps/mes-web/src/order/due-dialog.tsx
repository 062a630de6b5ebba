import { useId, useState, type ReactNode, type SubmitEvent } from 'react';
import { currentTime } from '../api/clock';
import { useLanguage } from '../language/language-context';
import { Dialog } from '../orders/dialog';

const MINUTE = 60_000;

interface DueDialogProps {
  readonly title: string;
  readonly dueAt: string | undefined;
  /** @param dueAt null for no due date */
  readonly onChange: (dueAt: string | null) => void;
  readonly onClose: () => void;
}

/** Asks for a due date. */
export function DueDialog({ title, dueAt, onChange, onClose }: DueDialogProps): ReactNode {
  const { t } = useLanguage();
  const id = useId();
  const [earliest] = useState(() => localTime(new Date(currentTime() + MINUTE)));
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem('due') as HTMLInputElement;
    onChange(new Date(field.value).toISOString());
  };
  return (
    <Dialog title={title} focus="field" onClose={onClose}>
      <form onSubmit={submit}>
        <label htmlFor={id}>{t('change.dueDate')}</label>
        <input
          id={id}
          name="due"
          type="datetime-local"
          required
          min={earliest}
          max="9999-12-31T23:59"
          defaultValue={dueAt === undefined ? undefined : localTime(new Date(dueAt))}
        />
        <button type="submit" className="primary">
          {t('change.save')}
        </button>
        {dueAt !== undefined && (
          <button
            type="button"
            onClick={() => {
              onChange(null);
            }}
          >
            {t('change.clearDue')}
          </button>
        )}
      </form>
    </Dialog>
  );
}

/** A time in the notation of fields for dates, in the time zone of the browser: `2031-05-17T09:30`. */
function localTime(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}
