import { useState, type ReactNode, type SubmitEvent } from 'react';
import { useLanguage } from '../language/language-context';
import { CommentField } from './comment-field';
import { Dialog } from './dialog';
import { typedText } from './typed-text';

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
  const [comment, setComment] = useState('');
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = typedText(comment);
    if (isRequired && text === '') event.currentTarget.querySelector('textarea')?.focus();
    else onSubmit(text);
  };
  return (
    <Dialog title={title} focus="field" onClose={onClose}>
      <form onSubmit={submit}>
        <CommentField label={label} rows={3} isRequired={isRequired} value={comment} onChange={setComment} />
        <button type="submit" className="primary">
          {t('move.confirm')}
        </button>
      </form>
    </Dialog>
  );
}
