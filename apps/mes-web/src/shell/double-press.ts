import { REACTION_TIME } from './use-just-changed';

/** What people press. */
const CONTROLS = 'a, button, label, select';

/** The last press of a control. */
interface Press {
  readonly control: Element;
  /** Where the control was. */
  readonly box: DOMRect;
  /** When the page has heard of it. */
  readonly at: number;
}

/**
 * Ignores the second press of a double click unless it hits what was pressed first: what lay beneath a closed dialog, menu, bar or
 * notice was not aimed at. Keys are not concerned.
 */
export function ignoreStrayPresses(): void {
  let last: Press | undefined;
  let pressedAt = 0;
  const onPointerDown = (): void => {
    pressedAt = performance.now();
  };
  const onClick = (event: MouseEvent): void => {
    // By a key, or by a label.
    if (event.detail === 0 || !(event.target instanceof Element)) return;
    const control = event.target.closest(CONTROLS);
    const isSecond = last !== undefined && pressedAt - last.at < REACTION_TIME && isIn(last.box, event);
    if (last && isSecond && control !== last.control) {
      event.preventDefault();
      event.stopImmediatePropagation();
      // There may be a third one.
      last = { ...last, at: performance.now() };
      return;
    }
    last = control ? { control, box: control.getBoundingClientRect(), at: performance.now() } : undefined;
  };
  const forget = (): void => {
    last = undefined;
  };
  // Between the two presses of a double click, nobody presses a key or goes back.
  for (const type of ['keydown', 'popstate']) window.addEventListener(type, forget, true);
  window.addEventListener('pointerdown', onPointerDown, true);
  window.addEventListener('click', onClick, true);
}

function isIn({ left, right, top, bottom }: DOMRect, { clientX, clientY }: MouseEvent): boolean {
  return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
}
