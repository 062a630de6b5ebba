import { useId, type ReactNode } from 'react';
import { useLanguage } from '../language/language-context';

/** The longest comment that the API accepts, in characters. */
const MAX_COMMENT = 2_000;

interface CommentFieldProps {
  readonly label: string;
  readonly rows: number;
  readonly isRequired?: boolean;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** The field for a comment on a change. It says when no more fits, because browsers cut off longer pasted text without a word. */
export function CommentField({ label, rows, isRequired = false, value, onChange }: CommentFieldProps): ReactNode {
  const { t } = useLanguage();
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        rows={rows}
        maxLength={MAX_COMMENT}
        required={isRequired}
        value={value}
        onChange={({ target }) => {
          onChange(target.value);
        }}
      />
      {value.length >= MAX_COMMENT && <p role="alert">{t('change.commentFull')}</p>}
    </>
  );
}
