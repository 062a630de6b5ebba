import type { ApiAnswer } from '../support/orders-api.js';
import type { Remembered, Text } from './fuzzed-request.js';

const MOST = 50;

/** The values from responses that later requests can use. */
export class Memory {
  private readonly seen: Readonly<Record<Remembered['kind'], string[]>> = { orderId: [], cursor: [], entityTag: [] };

  /** Keeps the useful values of a response. */
  learn({ headers, body }: ApiAnswer<unknown>): void {
    this.keep('entityTag', headers.get('etag'));
    if (typeof body !== 'object' || body === null) return;
    const { id, nextCursor } = body as { id?: unknown; nextCursor?: unknown };
    this.keep('orderId', id);
    this.keep('cursor', nextCursor);
  }

  recall(text: Text): string {
    if (typeof text === 'string') return text;
    const known = this.seen[text.kind];
    const value = known.at(-1 - (text.nth % Math.max(1, known.length))) ?? text.otherwise;
    return text.tamperedAt === undefined ? value : tamper(value, text.tamperedAt);
  }

  private keep(kind: Remembered['kind'], value: unknown): void {
    const known = this.seen[kind];
    if (typeof value === 'string' && known.length < MOST && !known.includes(value)) known.push(value);
  }
}

function tamper(value: string, position: number): string {
  const i = position % Math.max(1, value.length);
  return `${value.slice(0, i)}${value[i] === 'A' ? 'B' : 'A'}${value.slice(i + 1)}`;
}
