/** The longest pause between two keys of a barcode scanner, in milliseconds. Nobody types this fast. */
const LONGEST_PAUSE = 50;
/** The time after which a code does not go on, in milliseconds. The browser may report a key a little later. */
const AFTER_BURST = LONGEST_PAUSE + 10;
/** The fewest characters of a code. Two keys may be pressed at once by accident. */
const FEWEST_CHARACTERS = 3;

/** What keys type on the English keyboard that a scanner imitates, without and with Shift. Letters are not listed. */
const ENGLISH: Readonly<Record<string, string>> = {
  ...{ Digit1: '1!', Digit2: '2@', Digit3: '3#', Digit4: '4$', Digit5: '5%' },
  ...{ Digit6: '6^', Digit7: '7&', Digit8: '8*', Digit9: '9(', Digit0: '0)' },
  ...{ Minus: '-_', Equal: '=+', BracketLeft: '[{', BracketRight: ']}', Backslash: '\\|', Backquote: '`~' },
  ...{ Semicolon: ';:', Quote: `'"`, Comma: ',<', Period: '.>', Slash: '/?' },
};

const TEXT_FIELD = 'textarea, input:not([type=checkbox])';

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** Characters that were typed without a pause. */
interface Burst {
  readonly field: Field | undefined;
  /** The value of the field before the first character. */
  readonly value: string;
  text: string;
  /** What the same keys type on an English keyboard, whatever the keyboard of the device is. */
  inEnglish: string;
  lastKeyAt: number;
}

let burst: Burst | undefined;
let pending: ReturnType<typeof setTimeout> | undefined;

/**
 * Listens to barcode scanners that work like a keyboard: they type a code and Enter. They are told from people by their speed. The
 * code does not stay in the field that has the focus, and Enter has no other effect.
 *
 * @param onScan is told the code as it was typed, and as the same keys type it on an English keyboard
 * @returns a function that stops listening
 */
export function listenToScanner(onScan: (code: string, inEnglish: string) => void): () => void {
  /** Whether the space that is held down is part of a code. Outside of a text, it would press what has the focus. */
  let isSpaceOfCode = false;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const isPartOfBurst = burst !== undefined && event.timeStamp - burst.lastKeyAt <= LONGEST_PAUSE;
    if (event.key.length === 1) {
      if (!burst || !isPartOfBurst) burst = startOf(event);
      else if (event.key === ' ' && !burst.field?.matches(TEXT_FIELD)) {
        event.preventDefault();
        event.stopPropagation();
        isSpaceOfCode = true;
      }
      burst.text += event.key;
      burst.inEnglish += inEnglish(event);
      burst.lastKeyAt = event.timeStamp;
      return;
    }
    // A scanner presses no other keys, except Shift for large letters.
    if (event.key === 'Shift') return;
    if (event.key !== 'Enter') {
      burst = undefined;
      return;
    }
    const scanned = isPartOfBurst ? burst : undefined;
    burst = undefined;
    if (!scanned || !isCode(scanned.text)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    clearTimeout(pending);
    pending = undefined;
    restore(scanned);
    onScan(scanned.text.trim(), scanned.inEnglish.trim());
  };
  const onKeyUp = (event: KeyboardEvent): void => {
    if (event.key !== ' ' || !isSpaceOfCode) return;
    isSpaceOfCode = false;
    event.preventDefault();
  };
  /** What keys have chosen. If the page is shown anew before it is told, the field is reset. */
  let chosen = '';
  // A key chooses in a field of choices. What a scanner chooses is taken back before anybody is told.
  const onChange = (event: Event): void => {
    const field = burst?.field;
    if (!burst || !(field instanceof HTMLSelectElement) || event.target !== field) return;
    if (event.timeStamp - burst.lastKeyAt > LONGEST_PAUSE) return;
    event.stopImmediatePropagation();
    chosen = field.value;
    unlessScanned(() => {
      field.value = chosen;
      field.dispatchEvent(new Event('change', { bubbles: true }));
    });
  };
  window.addEventListener('keydown', onKeyDown, true);
  window.addEventListener('keyup', onKeyUp, true);
  window.addEventListener('change', onChange, true);
  return () => {
    window.removeEventListener('keydown', onKeyDown, true);
    window.removeEventListener('keyup', onKeyUp, true);
    window.removeEventListener('change', onChange, true);
  };
}

/** Performs the action of a letter key, unless the letter turns out to be a part of a scanned code. */
export function unlessScanned(action: () => void): void {
  // The key is pressed twice at once: one action is enough.
  if (pending !== undefined) return;
  const started = burst;
  const decide = (): void => {
    pending = undefined;
    if (started && started.text.length >= FEWEST_CHARACTERS) return;
    const rest = started ? started.lastKeyAt + AFTER_BURST - performance.now() : 0;
    if (rest > 0) pending = setTimeout(decide, rest);
    else action();
  };
  pending = setTimeout(decide, AFTER_BURST);
}

/** Codes have a digit: a word that is typed fast is none. */
function isCode(text: string): boolean {
  return text.trim().length >= FEWEST_CHARACTERS && /\d/.test(text);
}

/** The character of a key on an English keyboard. */
function inEnglish({ code, key, shiftKey }: KeyboardEvent): string {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter !== undefined) return shiftKey ? letter : letter.toLowerCase();
  return ENGLISH[code]?.[shiftKey ? 1 : 0] ?? key;
}

function startOf({ timeStamp }: KeyboardEvent): Burst {
  const focused = document.activeElement;
  const field =
    focused instanceof HTMLInputElement ||
    focused instanceof HTMLTextAreaElement ||
    focused instanceof HTMLSelectElement
      ? focused
      : undefined;
  return { field, value: field?.value ?? '', text: '', inEnglish: '', lastKeyAt: timeStamp };
}

/** Sets the field to its value before the scan. React notices values only if the setter of the prototype is used. */
function restore({ field, value }: Burst): void {
  if (!field) return;
  const isChanged = field.value !== value;
  const prototype: unknown = Object.getPrototypeOf(field);
  // Also if it is the same: a date that is typed in part has no value.
  Object.getOwnPropertyDescriptor(prototype, 'value')?.set?.call(field, value);
  if (!isChanged || field instanceof HTMLSelectElement) return;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
}
