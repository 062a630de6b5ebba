import { completeAt, isComplete, type Position } from './position.js';
import { isSnapshot } from './snapshot.js';

const ENCODED = /^[\w-]+$/;
const STATE = /^[0-9a-f]{16}$/;
const SEQ = /^\d{1,18}$/;

/** Encodes a position as the id of an event. */
export function encodePosition(position: Position): string {
  const { state, before, batch, seq } = position;
  const parts = isComplete(position) ? [before] : [before, batch, seq];
  return Buffer.from([state, ...parts].join('~')).toString('base64url');
}

/** The position that an id encodes; undefined for any other text. */
export function decodePosition(id: string): Position | undefined {
  if (!ENCODED.test(id)) return undefined;
  const [state = '', before, batch, seq, ...rest] = Buffer.from(id, 'base64url').toString('latin1').split('~');
  if (!STATE.test(state)) return undefined;
  if (before === undefined || !isSnapshot(before)) return undefined;
  if (batch === undefined) return completeAt(state, before);
  if (seq === undefined || rest.length > 0 || !isSnapshot(batch) || !SEQ.test(seq)) return undefined;
  return { state, before, batch, seq };
}
