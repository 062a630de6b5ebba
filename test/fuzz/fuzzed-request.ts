import type { LocatedOperation } from '../support/openapi-document.js';

/** The callers with valid tokens. */
export const CALLERS = ['partner-1', 'partner-2', 'operator', 'viewer', 'admin'] as const;
export type CallerName = (typeof CALLERS)[number];

/** A value from an earlier response, or a substitute if there is none. */
export interface Remembered {
  readonly kind: 'orderId' | 'cursor' | 'entityTag';
  /** The index among the remembered values, counted from the last one, modulo their number. */
  readonly nth: number;
  /** The position of a character that is replaced with another one. */
  readonly tamperedAt?: number | undefined;
  readonly otherwise: string;
}

export type Text = string | Remembered;

/** A part of a request, and whether it is valid by construction. Other parts may be valid by accident. */
export interface Part<T> {
  readonly value: T;
  readonly isGood: boolean;
}

export interface RequestBody {
  readonly text: string;
  readonly contentType: string | undefined;
  /** The parsed text, if it is JSON that all parsers read alike. */
  readonly json?: unknown;
}

/** A generated request with placeholders, which are replaced before it is sent. */
export interface FuzzedRequest {
  readonly operation: LocatedOperation;
  readonly method: Part<string>;
  /** The caller, or an invalid `Authorization` header. */
  readonly caller: CallerName | { readonly authorization: string | undefined };
  readonly id: Part<Text>;
  /** A text that is appended to the path unchanged. */
  readonly pathSuffix: string;
  readonly query: Part<readonly (readonly [string, Text])[]>;
  /** A text that is appended to the query unchanged. */
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
