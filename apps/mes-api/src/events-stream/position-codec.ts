import { completeAt, isComplete, type Position } from './position.js';
import { isSnapshot } from './snapshot.js';

const ENCODED = /^[\w-]+$/;
const HISTORY = /^[0-9a-f]{8}$/;
const SEQ = /^\d{1,18}$/;

/** Positions as the ids of events. Ids of other databases, and what is no id, mean nothing. */
export class PositionCodec {
  /** @param database names the database, without `~` and `.` */
  constructor(private readonly database: string) {}

  encode(position: Position): string {
    const { history, before, batch, seq } = position;
    const parts = isComplete(position) ? [before] : [before, batch, seq];
    return Buffer.from([`${this.database}.${history}`, ...parts].join('~')).toString('base64url');
  }

  decode(id: string): Position | undefined {
    if (!ENCODED.test(id)) return undefined;
    const [name = '', before, batch, seq, ...rest] = Buffer.from(id, 'base64url').toString('latin1').split('~');
    const [database, history = '', ...more] = name.split('.');
    if (database !== this.database || !HISTORY.test(history) || more.length > 0) return undefined;
    if (before === undefined || !isSnapshot(before)) return undefined;
    if (batch === undefined) return completeAt(history, before);
    if (seq === undefined || rest.length > 0 || !isSnapshot(batch) || !SEQ.test(seq)) return undefined;
    return { history, before, batch, seq };
  }
}
