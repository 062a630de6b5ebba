/**
 * An event: the database is not the one, or not in the state, that this instance knew. Whatever was remembered of it is
 * forgotten before `emit` returns, so that nothing loaded afterwards is made of it.
 */
export class DatabaseReplaced {
  static readonly eventName = 'database.replaced';
}
