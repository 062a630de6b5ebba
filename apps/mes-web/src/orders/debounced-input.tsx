import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react';

/** The pause in typing after which the text takes effect, in milliseconds. */
const TYPING_PAUSE = 250;

interface DebouncedInputProps {
  readonly type: 'search' | 'text';
  readonly placeholder: string;
  readonly title?: string;
  readonly list?: string;
  readonly value: string;
  readonly onFocus?: () => void;
  /** `replace`: the text was changed before, without leaving the field. */
  readonly onChange: (value: string, replace: boolean) => void;
}

/** A text input that reports its value after a pause in typing. */
export function DebouncedInput({ value, onChange, ...input }: DebouncedInputProps): ReactNode {
  const [typed, setTyped] = useState(value);
  const [last, setLast] = useState(value);
  /** The value that was reported and is not in effect yet. */
  const [underWay, setUnderWay] = useState<string>();
  const reported = useRef<string>(undefined);
  const report = useEffectEvent(onChange);
  if (last !== value) {
    setLast(value);
    setUnderWay(undefined);
    // What was typed after the report stays.
    if (value !== underWay) setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => {
      const isFurther = reported.current === value;
      reported.current = typed;
      setUnderWay(typed);
      report(typed, isFurther);
    }, TYPING_PAUSE);
    return () => {
      clearTimeout(timer);
    };
  }, [typed, value]);
  return (
    <input
      {...input}
      value={typed}
      maxLength={100}
      onChange={({ target }) => {
        setTyped(target.value);
      }}
      onBlur={() => {
        reported.current = undefined;
      }}
    />
  );
}
