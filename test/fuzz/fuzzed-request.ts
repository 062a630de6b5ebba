import type { LocatedOperation } from '../support/openapi-document.js';

/** Somebody who has a good token. */
export const CALLERS = ['partner-1', 'partner-2', 'operator', 'viewer', 'admin'] as const;
export type CallerName = (typeof CALLERS)[number];

/** Something that an earlier answer contained, or what stands for it as long as there is none. */
export interface Remembered {
  readonly kind: 'orderId' | 'cursor' | 'entityTag';
  /** Which of those that are remembered, counted from the last one, round and round. */
  readonly nth: number;
  /** Position of a character that is exchanged for another one. */
  readonly tamperedAt?: number | undefined;
  readonly otherwise: string;
}

export type Text = string | Remembered;

/** A part of a request, and whether it was made to be as documented. What was made otherwise may be so by accident. */
export interface Part<T> {
  readonly value: T;
  readonly isGood: boolean;
}

export interface RequestBody {
  readonly text: string;
  readonly contentType: string | undefined;
  /** What the text says, if it is JSON that everybody reads alike. */
  readonly json?: unknown;
}

/** A request that is made up, with gaps that are filled in when it is sent. */
export interface FuzzedRequest {
  readonly operation: LocatedOperation;
  readonly method: Part<string>;
  /** Whoever it is, or an `Authorization` header that nobody should be let in with. */
  readonly caller: CallerName | { readonly authorization: string | undefined };
  readonly id: Part<Text>;
  /** Is put behind the path as it is. */
  readonly pathSuffix: string;
  readonly query: Part<readonly (readonly [string, Text])[]>;
  /** Is put behind the query as it is. */
  readonly querySuffix: string;
  readonly headers: Part<readonly (readonly [string, Text])[]>;
  readonly body: Part<RequestBody> | undefined;
}

/** A request as it is sent. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | undefined;
}
