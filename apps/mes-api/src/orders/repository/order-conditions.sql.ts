import type { OrderPriority, Visibility } from '../order.js';
import { ALL_ORDERS } from './all-orders.sql.js';
import type { OrderFilter } from './orders.repository.js';

/** Adds a parameter to a statement, and returns its name there. */
export type Bind = (value: unknown) => string;

/** Values of the column `urgency`. */
export const URGENCY: Readonly<Record<OrderPriority, number>> = { URGENT: 0, HIGH: 1, NORMAL: 2, LOW: 3 };

/** Characters of a trigram. */
const TRIGRAM = 3;

/** A filter that accepts several values of a column. */
export interface Choice {
  readonly column: 'status' | 'material' | 'assignee' | 'hold_reason' | 'urgency';
  readonly type: string;
  readonly values: readonly unknown[];
}

export function choicesOf({ status, material, assignee, holdReason, priority }: OrderFilter): readonly Choice[] {
  const choices: Choice[] = [];
  if (status) choices.push({ column: 'status', type: 'order_status', values: status });
  if (material) choices.push({ column: 'material', type: 'text', values: material });
  if (assignee) choices.push({ column: 'assignee', type: 'text', values: assignee });
  if (holdReason) choices.push({ column: 'hold_reason', type: 'hold_reason', values: holdReason });
  if (priority) {
    choices.push({ column: 'urgency', type: 'smallint', values: priority.map((value) => URGENCY[value]) });
  }
  return choices;
}

export function isOneOf({ column, type, values }: Choice, bind: Bind): string {
  return `o.${column} = ANY(${bind(values)}::${type}[])`;
}

/** The conditions of a filter that are neither choices nor the text. */
export function limitsOf({ source, number, createdFrom, createdTo, dueBefore }: OrderFilter, bind: Bind): string[] {
  const conditions: string[] = [];
  if (number !== undefined) conditions.push(`o.number = ${bind(number)}`);
  if (source) conditions.push(`o.source = ANY(${bind(source)}::order_source[])`);
  if (createdFrom) conditions.push(`o.created_at >= ${bind(createdFrom)}`);
  if (createdTo) conditions.push(`o.created_at < ${bind(createdTo)}`);
  if (dueBefore) conditions.push(`o.due_sort < ${bind(dueBefore)}`);
  return conditions;
}

export function isVisible(visibility: Visibility, bind: Bind): string[] {
  return visibility.scope === 'own' ? [`o.created_by = ${bind(visibility.creator)}`] : [];
}

/** For orders that are read one after the other. */
export function hasText(q: string, bind: Bind): string {
  return anyOf([...isLike(q, 'o.search_text', bind), ...hasNumber(q, bind)]);
}

/** The same for orders that are looked up by the text: an index tells which ones have it, or may have it. */
export function hasTextByIndex(q: string, bind: Bind): string {
  if (!isShort(q)) return hasText(q, bind);
  const isFound = `word_starts(o.search_text) @> ARRAY[left(search_text(${bind(q)}), ${TRIGRAM - 1})]`;
  // As an expression, so that PostgreSQL does not look it up in the index for longer texts.
  const hasIt = anyOf(isLike(q, `(o.search_text || '')`, bind));
  return anyOf([`${isFound} AND ${hasIt}`, ...hasNumber(q, bind)]);
}

function isLike(q: string, text: string, bind: Bind): string[] {
  return textPatterns(q).map((pattern) => `${text} LIKE search_text(${bind(pattern)})`);
}

function hasNumber(q: string, bind: Bind): string[] {
  const number = numberIn(q);
  return number === undefined ? [] : [`o.number = ${bind(number)}`];
}

function anyOf(conditions: readonly string[]): string {
  return `(${conditions.join(' OR ')})`;
}

/** The table that a filter selects from. By its number, an order is found in the archive, too. */
export function tableOf({ number }: OrderFilter): string {
  return number === undefined ? 'orders' : ALL_ORDERS;
}

/** The number of an order that a filter finds by its text, also in the archive. Other texts are not looked for there. */
export function numberInText({ number, q = '' }: OrderFilter): number | undefined {
  return number === undefined ? numberIn(q) : undefined;
}

function numberIn(q: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(q) ? Number(q) : undefined;
}

/**
 * Whether the text has too few letters and digits for the index of trigrams, and is found only at the start of words. For PostgreSQL, two
 * blanks come before a word and one after it, where the text shows that it begins or ends.
 */
function isShort(q: string): boolean {
  return !Array.from(q.matchAll(/[\p{L}\p{N}]+/gu)).some(({ 0: word, index }) => {
    const [begins, ends] = [index > 0, index + word.length < q.length];
    return (begins ? 2 : 0) + Array.from(word).length + (ends ? 1 : 0) >= TRIGRAM;
  });
}

/** The LIKE patterns of a search text. A short text matches only at the start of words. */
function textPatterns(q: string): string[] {
  const literal = q.replace(/[\\%_]/g, '\\$&');
  if (!isShort(q)) return [`%${literal}%`];
  return [`${literal}%`, `% ${literal}%`];
}
