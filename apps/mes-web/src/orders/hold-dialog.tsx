import { useState, type ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import type { HoldReason } from './change';
import { ChoiceDialog } from './choice-dialog';
import { CommentDialog } from './comment-dialog';
import { CommentField } from './comment-field';
import { typedText } from './typed-text';

/** In the order of their number keys. */
const REASONS: readonly HoldReason[] = ['MATERIAL_MISSING', 'TOOL_DOWN', 'QUESTION', 'QUALITY', 'BREAK', 'OTHER'];

interface HoldDialogProps {
  readonly title: string;
  readonly onHold: (reason: HoldReason, comment: string) => void;
  readonly onClose: () => void;
}

/** Asks why an order is put on hold. Any other reason than those of the list has to be written down. */
export function HoldDialog({ title, onHold, onClose }: HoldDialogProps): ReactNode {
  const { t } = useLanguage();
  const [comment, setComment] = useState('');
  const [isOther, setIsOther] = useState(false);
  if (isOther) {
    return (
      <CommentDialog
        title={title}
        label={t('hold.commentOther')}
        isRequired
        onSubmit={(text) => {
          onHold('OTHER', text);
        }}
        onClose={onClose}
      />
    );
  }
  return (
    <ChoiceDialog
      title={title}
      label={t('hold.reason')}
      choices={REASONS.map((value) => ({ value, text: t(`hold.reasons.${value}`) }))}
      onChoose={(reason) => {
        const text = typedText(comment);
        if (reason === 'OTHER' && text === '') setIsOther(true);
        else onHold(reason, text);
      }}
      onClose={onClose}
    >
      <CommentField label={t('hold.comment')} rows={2} value={comment} onChange={setComment} />
    </ChoiceDialog>
  );
}
