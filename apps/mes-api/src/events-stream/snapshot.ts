/** PostgreSQL's `pg_snapshot` as text, `xmin:xmax:xip,xip`: the transactions that had ended when it was taken. */
export type Snapshot = string;

const SNAPSHOT = /^(\d{1,18}):(\d{1,18}):((?:\d{1,18}(?:,\d{1,18})*)?)$/;

/** Whether PostgreSQL accepts the text as a snapshot. An invalid one would fail the whole statement. */
export function isSnapshot(text: string): boolean {
  const [, low, high, list = ''] = SNAPSHOT.exec(text) ?? [];
  if (low === undefined || high === undefined) return false;
  const [xmin, xmax] = [BigInt(low), BigInt(high)];
  if (xmin < 1n || xmax < xmin) return false;
  const running = list === '' ? [] : list.split(',').map(BigInt);
  return running.every((xid, i) => xid >= xmin && xid < xmax && xid > (running[i - 1] ?? 0n));
}

/** Whether a snapshot was certainly taken after another one of the same database. */
export function isLater(one: Snapshot, other: Snapshot): boolean {
  return xmaxOf(one) > xmaxOf(other);
}

function xmaxOf(snapshot: Snapshot): bigint {
  return BigInt(snapshot.split(':')[1] ?? 0);
}
