import type { ReactNode } from 'react';

const PLACE = '\u0000';

interface NamedProps {
  /** The text around a name, which `text` inserts where it gets it. */
  readonly text: (name: string) => string;
  readonly name: string;
}

/** A text with a name in it. The name has its own direction, so that one in Hebrew does not turn the text around. */
export function Named({ text, name }: NamedProps): ReactNode {
  const [before, after] = text(PLACE).split(PLACE);
  return (
    <>
      {before}
      <bdi>{name}</bdi>
      {after}
    </>
  );
}
