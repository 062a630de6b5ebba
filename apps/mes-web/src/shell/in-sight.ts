/**
 * Whether the middle of an element is in the visible part of what scrolls it.
 *
 * @param covered the height of what covers the upper end of that part, in pixels
 */
export function isInSight(element: Element | null, scroller: Element | null, covered = 0): boolean {
  if (!element || !scroller) return false;
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const area = scroller.getBoundingClientRect();
  const x = (left + right) / 2;
  const y = (top + bottom) / 2;
  return x >= area.left && x <= area.right && y >= area.top + covered && y <= area.bottom;
}
