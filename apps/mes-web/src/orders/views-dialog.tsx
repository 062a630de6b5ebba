import type { ReactNode, SubmitEvent } from 'react';
import { useLanguage } from '../language/language-context';
import { Dialog } from './dialog';
import { LONGEST_NAME, type SavedView } from './saved-views';
import './views-dialog.css';

interface ViewsDialogProps {
  readonly views: readonly SavedView[];
  /** Saves the view on the screen, unless another one has the name. */
  readonly onSave: (name: string) => boolean;
  /** Renames a view, unless another one has the new name. */
  readonly onRename: (name: string, next: string) => boolean;
  readonly onDelete: (name: string) => void;
  readonly onClose: () => void;
}

/** The dialog that saves the view on the screen, and renames and deletes saved ones. */
export function ViewsDialog({ views, onSave, onRename, onDelete, onClose }: ViewsDialogProps): ReactNode {
  const { t } = useLanguage();
  return (
    <Dialog title={t('views.saved')} focus="field" closeText={t('close')} onClose={onClose}>
      <NameForm
        label={t('views.name')}
        button={t('views.save')}
        onSubmit={(name) => {
          const isSaved = onSave(name);
          if (isSaved) onClose();
          return isSaved;
        }}
      />
      <ul className="views">
        {views.map(({ name }) => (
          <li key={name}>
            <NameForm
              label={t('views.newName', { name })}
              isLabelHidden
              name={name}
              button={t('views.rename')}
              onSubmit={(next) => onRename(name, next)}
            />
            <button
              type="button"
              aria-label={t('views.deleteOne', { name })}
              onClick={() => {
                onDelete(name);
              }}
            >
              {t('views.delete')}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

interface NameFormProps {
  readonly label: string;
  readonly isLabelHidden?: boolean;
  readonly name?: string;
  readonly button: string;
  /** @returns false if another view has the name */
  readonly onSubmit: (name: string) => boolean;
}

function NameForm({ label, isLabelHidden, name, button, onSubmit }: NameFormProps): ReactNode {
  const { t } = useLanguage();
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem('name') as HTMLInputElement;
    if (onSubmit(field.value.trim())) return;
    field.setCustomValidity(t('views.taken'));
    field.reportValidity();
  };
  return (
    <form className="view-name" onSubmit={submit}>
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
          autoComplete="off"
          onInput={({ currentTarget }) => {
            currentTarget.setCustomValidity('');
          }}
          // The other view may be renamed or deleted meanwhile.
          onBlur={({ currentTarget }) => {
            currentTarget.setCustomValidity('');
          }}
        />
      </label>
      <button type="submit" className={name === undefined ? 'primary' : undefined}>
        {button}
      </button>
    </form>
  );
}
