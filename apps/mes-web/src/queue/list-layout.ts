import { parsedJson } from '../storage';

/** The columns of the queue, in their order. */
export const COLUMNS = ['number', 'customer', 'product', 'material', 'quantity', 'priority', 'due', 'age'] as const;
export type Column = (typeof COLUMNS)[number];

export const DENSITIES = ['comfortable', 'compact'] as const;
export type Density = (typeof DENSITIES)[number];

/** What a device remembers about the list. */
export interface ListPreferences {
  readonly density: Density;
  readonly hidden: readonly Column[];
}

export const DEFAULT_PREFERENCES: ListPreferences = { density: 'comfortable', hidden: [] };

/** How the orders are shown. All lengths are in rem. */
export interface ListLayout {
  readonly kind: 'rows' | 'cards';
  readonly columns: readonly Column[];
  /** Columns without room. Their contents stand below the name of the product. */
  readonly details: readonly Column[];
  readonly template: string;
  readonly rowHeight: number;
}

/** Below this width, an order is a card. */
const NARROWEST_ROWS = 40;
const GAP = 0.75;
const PADDING = 2;
const ACTION = 7;
/** The box that selects an order. It begins in the padding of the row. */
const PICK = 1.75;
/** The width of a digit of the number. */
const DIGIT = 0.85;

const ROW_HEIGHTS: Readonly<Record<Density, number>> = { comfortable: 3.5, compact: 3 };
/** A line more, where details stand below the name of the product. */
const DETAILED_HEIGHTS: Readonly<Record<Density, number>> = { comfortable: 4.5, compact: 3 };
const CARD_HEIGHTS: Readonly<Record<Density, number>> = { comfortable: 13.75, compact: 11.25 };

type Widths = Readonly<Record<Column, { readonly least: number; readonly share: number }>>;

/** The least width of each column, and its share of the room that is left. */
const WIDTHS: Widths = {
  number: { least: 4.5, share: 0 },
  customer: { least: 6.5, share: 3 },
  product: { least: 8, share: 4 },
  material: { least: 6, share: 2 },
  quantity: { least: 3, share: 0 },
  priority: { least: 6.5, share: 0 },
  due: { least: 7, share: 1 },
  age: { least: 5.5, share: 0 },
};

/** The columns that go when there is no room, in this order. */
const DISPENSABLE: readonly Column[] = ['age', 'material', 'quantity', 'customer', 'priority', 'due'];
const DETAILS: readonly Column[] = ['material', 'quantity'];
const ON_CARDS: readonly Column[] = ['number', 'priority', 'due', 'product', 'customer'];

/**
 * The layout for a list.
 *
 * @param width of the list, in rem
 * @param digits of the longest number in the list
 * @param hasPicks whether rows have a box that selects them
 */
export function layoutOf(
  width: number,
  digits: number,
  { density, hidden }: ListPreferences,
  hasPicks = false,
): ListLayout {
  const widths = { ...WIDTHS, number: { least: Math.max(WIDTHS.number.least, digits * DIGIT), share: 0 } };
  const wanted = COLUMNS.filter((column) => !hidden.includes(column));
  const isCard = width < NARROWEST_ROWS;
  const room = width - (hasPicks ? PICK : 0);
  const columns = isCard ? wanted.filter((column) => ON_CARDS.includes(column)) : fitting(wanted, room, widths);
  const details = DETAILS.filter((column) => wanted.includes(column) && !columns.includes(column));
  const heights = isCard ? CARD_HEIGHTS : details.length > 0 ? DETAILED_HEIGHTS : ROW_HEIGHTS;
  return {
    kind: isCard ? 'cards' : 'rows',
    columns,
    details,
    template: [
      ...(hasPicks ? [`${String(PICK)}rem`] : []),
      ...columns.map((column) => trackOf(widths[column])),
      `${String(ACTION)}rem`,
    ].join(' '),
    rowHeight: heights[density],
  };
}

function fitting(wanted: readonly Column[], width: number, widths: Widths): readonly Column[] {
  let columns = wanted;
  for (const column of DISPENSABLE) {
    const needed = columns.reduce((sum, one) => sum + widths[one].least + GAP, ACTION + PADDING);
    if (needed <= width) break;
    columns = columns.filter((one) => one !== column);
  }
  return columns;
}

function trackOf({ least, share }: Widths[Column]): string {
  return share === 0 ? `${String(least)}rem` : `minmax(${String(least)}rem, ${String(share)}fr)`;
}

/** Reads the preferences that a device remembers. What is not valid is ignored. */
export function parsePreferences(text: string): ListPreferences | undefined {
  const read = parsedJson(text);
  if (typeof read !== 'object' || read === null) return undefined;
  const { density, hidden } = read as Partial<Record<keyof ListPreferences, unknown>>;
  return {
    density: DENSITIES.find((one) => one === density) ?? DEFAULT_PREFERENCES.density,
    hidden: Array.isArray(hidden) ? COLUMNS.filter((column) => column !== 'number' && hidden.includes(column)) : [],
  };
}
