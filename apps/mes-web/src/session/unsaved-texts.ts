import { writtenTexts, type WrittenText } from '../shell/modals';
import { parsedJson, tabStorage } from '../storage';

/** Key of what somebody was writing when their session expired. It outlasts the way to the issuer and back. */
const KEY = 'mes.unsaved';

interface Unsaved {
  readonly subject: string;
  readonly texts: readonly WrittenText[];
}

/**
 * Keeps what the user has written when the session expires.
 *
 * @param texts by default, those of the open dialogs, which are about to close
 */
export function keepUnsavedTexts(subject: string, texts = writtenTexts()): void {
  if (texts.length > 0) tabStorage.set(KEY, JSON.stringify({ subject, texts } satisfies Unsaved));
}

/** Takes out what was kept for the user. What another user has written is forgotten. */
export function takeUnsavedTexts(subject: string): readonly WrittenText[] {
  const unsaved = parsedJson(tabStorage.get(KEY) ?? '') as Unsaved | undefined;
  forgetUnsavedTexts();
  return unsaved?.subject === subject ? unsaved.texts : [];
}

export function forgetUnsavedTexts(): void {
  tabStorage.remove(KEY);
}
