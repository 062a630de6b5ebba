import { useId, type ReactNode, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { viewOf } from './queue-view';
import { LONGEST_NAME, withoutView, withView, type SavedView } from './saved-views';

interface ViewsDialogProps {
  readonly ref: RefObject<HTMLDialogElement | null>;
  readonly views: readonly SavedView[];
  /** Saves the view on the screen. */
  readonly onSave: (name: string) => void;
  readonly onChange: (next: (views: readonly SavedView[]) => readonly SavedView[]) => void;
}

/** The dialog that saves the view on the screen, and renames and deletes saved ones. */
export function ViewsDialog({ ref, views, onSave, onChange }: ViewsDialogProps): ReactNode {
  const { t } = useTranslation();
  const id = useId();
  const rename = ({ name, search }: SavedView, next: string): void => {
    if (next !== name) onChange((all) => withView(withoutView(all, name), next, viewOf(new URLSearchParams(search))));
  };
  return (
    <dialog ref={ref} className="views" aria-labelledby={id}>
      <h2 id={id}>{t('views.saved')}</h2>
      <NameForm
        label={t('views.name')}
        button={t('views.save')}
        onSubmit={(name) => {
          onSave(name);
          ref.current?.close();
        }}
      />
      <ul>
        {views.map((view) => (
          <li key={view.name}>
            <NameForm
              label={t('views.newName', { name: view.name })}
              isLabelHidden
              name={view.name}
              button={t('views.rename')}
              onSubmit={(name) => {
                rename(view, name);
              }}
            />
            <button
              type="button"
              aria-label={t('views.deleteOne', { name: view.name })}
              onClick={() => {
                onChange((all) => withoutView(all, view.name));
              }}
            >
              {t('views.delete')}
            </button>
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => ref.current?.close()}>
        {t('views.close')}
      </button>
    </dialog>
  );
}

interface NameFormProps {
  readonly label: string;
  readonly isLabelHidden?: boolean;
  readonly name?: string;
  readonly button: string;
  readonly onSubmit: (name: string) => void;
}

function NameForm({ label, isLabelHidden, name, button, onSubmit }: NameFormProps): ReactNode {
  return (
    <form
      className="views-name"
      onSubmit={(event) => {
        event.preventDefault();
        const typed = new FormData(event.currentTarget).get('name');
        const next = typeof typed === 'string' ? typed.trim() : '';
        if (next === '') return;
        onSubmit(next);
        if (name === undefined) event.currentTarget.reset();
      }}
    >
      <label>
        <span className={isLabelHidden ? 'visually-hidden' : undefined}>{label}</span>
        <input
          type="text"
          name="name"
          defaultValue={name}
          dir="auto"
          required
          pattern=".*\S.*"
          maxLength={LONGEST_NAME}
        />
      </label>
      <button type="submit" className={name === undefined ? 'primary' : undefined}>
        {button}
      </button>
    </form>
  );
}
