/** The content codings that answers are kept in: RFC 9110, section 8.4.1. */
export type ContentCoding = 'identity' | 'br' | 'gzip';

/** One form of an answer, ready to be sent. */
export interface Representation {
  readonly coding: ContentCoding;
  readonly body: Buffer;
  /** Strong entity tag of just these bytes, with its quotes: RFC 9110, section 8.8.3. */
  readonly entityTag: string;
}

/** An answer as JSON, ready to be sent as it is or, if it is there, in a compressed form. */
export interface CachedResponse {
  readonly identity: Representation;
  readonly br?: Representation;
  readonly gzip?: Representation;
}
