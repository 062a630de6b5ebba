/** An answer ready to be sent. */
export interface Answer {
  /** JSON text. */
  readonly body: string;
  /** Strong entity tag of the body, with its quotes. */
  readonly entityTag: string;
}
