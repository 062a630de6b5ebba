import { useId, type ReactNode, type SubmitEvent } from 'react';
import { useLanguage } from '../language/language-context';
import { Dialog } from './dialog';
import { typedText } from './typed-text';

/** The longest comment that the API accepts, in characters. */
export const MAX_COMMENT = 2_000;

interface CommentDialogProps {
  readonly title: string;
  readonly label: string;
  readonly isRequired?: boolean;
  readonly onSubmit: (comment: string) => void;
  readonly onClose: () => void;
}

/** Asks for a comment on a change. The history shows it later. */
export function CommentDialog({ title, label, isRequired = false, onSubmit, onClose }: CommentDialogProps): ReactNode {
  const { t } = useLanguage();
  const id = useId();
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem('comment') as HTMLTextAreaElement;
    const comment = typedText(field.value);
    if (isRequired && comment === '') field.focus();
    else onSubmit(comment);
  };
  return (
    <Dialog title={title} focus="field" onClose={onClose}>
      <form onSubmit={submit}>
        <label htmlFor={id}>{label}</label>
        <textarea id={id} name="comment" rows={3} maxLength={MAX_COMMENT} required={isRequired} />
        <button type="submit" className="primary">
          {t('move.confirm')}
        </button>
      </form>
    </Dialog>
  );
}
