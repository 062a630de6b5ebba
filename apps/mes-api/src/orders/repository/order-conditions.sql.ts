import type { OrderPriority, Visibility } from '../order.js';
import type { OrderFilter } from './orders.repository.js';

/** Adds a parameter to a statement, and returns its name there. */
export type Bind = (value: unknown) => string;

/** Values of the column `urgency`. */
export const URGENCY: Readonly<Record<OrderPriority, number>> = { URGENT: 0, HIGH: 1, NORMAL: 2, LOW: 3 };

/** Shortest text that is found inside words as well, in characters. */
const SHORTEST_ANYWHERE = 3;

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

export function hasText(q: string, bind: Bind): string {
  const alternatives = textPatterns(q).map((pattern) => `o.search_text LIKE search_text(${bind(pattern)})`);
  if (/^[1-9]\d{0,8}$/.test(q)) alternatives.push(`o.number = ${bind(Number(q))}`);
  return `(${alternatives.join(' OR ')})`;
}

/** Whether the text is so short that it is found only at the start of words. */
export function isShort(q: string): boolean {
  return Array.from(q).length < SHORTEST_ANYWHERE;
}

/**
 * The LIKE patterns of a search text. A short text matches only at the start of words: the trigram index needs three characters,
 * and the space before the word counts as one.
 */
function textPatterns(q: string): string[] {
  const literal = q.replace(/[\\%_]/g, '\\$&');
  if (!isShort(q)) return [`%${literal}%`];
  return [`${literal}%`, `% ${literal}%`];
}
