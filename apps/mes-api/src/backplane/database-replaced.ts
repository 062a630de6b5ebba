/** The database is another one, or in another state, than before: nothing that was read from it is known to be true. */
export class DatabaseReplaced {
  static readonly eventName = 'database.replaced';

  /** @param state names the database and its state now */
  constructor(readonly state: string) {}
}
