/** The longest pause between two keys of a barcode scanner, in milliseconds. Nobody types this fast. */
const LONGEST_PAUSE = 50;
/** The time after which a code does not go on, in milliseconds. The browser may report a key a little later. */
const AFTER_BURST = LONGEST_PAUSE + 10;
/** The fewest characters of a code. Two keys may be pressed at once by accident. */
const FEWEST_CHARACTERS = 3;

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** Characters that were typed without a pause. */
interface Burst {
  readonly field: Field | undefined;
  /** The value of the field before the first character. */
  readonly value: string;
  text: string;
  lastKeyAt: number;
}

let burst: Burst | undefined;
let pending: ReturnType<typeof setTimeout> | undefined;

/**
 * Listens to barcode scanners that work like a keyboard: they type a code and Enter. They are told from people by their speed. The
 * code does not stay in the field that has the focus, and Enter has no other effect.
 *
 * @returns a function that stops listening
 */
export function listenToScanner(onScan: (code: string) => void): () => void {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const isPartOfBurst = burst !== undefined && event.timeStamp - burst.lastKeyAt <= LONGEST_PAUSE;
    if (event.key.length === 1) {
      if (!burst || !isPartOfBurst) burst = startOf(event);
      burst.text += event.key;
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
    onScan(scanned.text.trim());
  };
  window.addEventListener('keydown', onKeyDown, true);
  return () => {
    window.removeEventListener('keydown', onKeyDown, true);
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

function startOf({ timeStamp }: KeyboardEvent): Burst {
  const focused = document.activeElement;
  const field =
    focused instanceof HTMLInputElement ||
    focused instanceof HTMLTextAreaElement ||
    focused instanceof HTMLSelectElement
      ? focused
      : undefined;
  return { field, value: field?.value ?? '', text: '', lastKeyAt: timeStamp };
}

/** Sets the field to its value before the scan. React notices values only if the setter of the prototype is used. */
function restore({ field, value }: Burst): void {
  if (!field || field.value === value) return;
  const prototype: unknown = Object.getPrototypeOf(field);
  Object.getOwnPropertyDescriptor(prototype, 'value')?.set?.call(field, value);
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
}
