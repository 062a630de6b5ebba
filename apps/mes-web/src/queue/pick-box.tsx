import type { ReactNode } from 'react';
import { useLanguage } from '../language/language-context';

interface PickBoxProps {
  readonly number: number;
  readonly isPicked: boolean;
  /** `isRange`: all orders from the last one to this one. */
  readonly onPick: (isRange: boolean) => void;
}

/** The box that selects an order to be taken together with others. */
export function PickBox({ number, isPicked, onPick }: PickBoxProps): ReactNode {
  const { t } = useLanguage();
  return (
    <label className="pick">
      <input
        type="checkbox"
        checked={isPicked}
        tabIndex={-1}
        aria-label={t('several.select', { number })}
        onChange={({ nativeEvent }) => {
          onPick((nativeEvent as MouseEvent).shiftKey);
        }}
      />
    </label>
  );
}
