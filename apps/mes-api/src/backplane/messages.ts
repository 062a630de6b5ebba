import { EPOCH, type Tag } from '@mes/cache';

/** A notification of what to invalidate. */
export interface Eviction {
  readonly tags: readonly Tag[];
  /** The member that asks for an echo; absent when a trigger has notified. */
  readonly origin?: string;
  readonly question?: string;
  readonly part?: number;
  /** The echo is due after the last one of the messages of a question. */
  readonly isLast?: boolean;
}

/** PostgreSQL refuses payloads of 8,000 bytes; the other members of a message take less than the rest. */
const MAX_TAG_BYTES = 7_000;

/** So many messages are as good as invalidating everything. */
const MAX_MESSAGES = 20;

/** The tags as payloads that PostgreSQL takes. */
export function messagesOf(
  tags: readonly Tag[],
  { question, origin }: { readonly question: string; readonly origin: string },
): string[] {
  const parts: Tag[][] = [[]];
  let bytes = 0;
  for (const tag of tags) {
    const size = Buffer.byteLength(JSON.stringify(tag)) + 1;
    if (bytes + size > MAX_TAG_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(tag);
    bytes += size;
  }
  const sent = parts.length > MAX_MESSAGES ? [[EPOCH]] : parts;
  return sent.map((part, i) =>
    JSON.stringify({ question, origin, tags: part, part: i, isLast: i === sent.length - 1 } satisfies Eviction),
  );
}
