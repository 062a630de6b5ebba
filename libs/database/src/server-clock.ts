/**
 * An estimate of the clock of a PostgreSQL server, from its answers. It never runs ahead of that clock, unless that was put back
 * since the last answer.
 *
 * @publicApi
 */
export class ServerClock {
  /** The server's clock minus that of this process, in milliseconds; undefined before the first answer. */
  private offset: number | undefined;

  /**
   * Notes an answer.
   *
   * @param serverTime the server's time when it answered, in milliseconds since 1970
   * @param sentAt when the question was sent, as `performance.now()`
   * @param arrivedAt when the answer arrived, by the same clock
   */
  note(serverTime: number, sentAt: number, arrivedAt = performance.now()): void {
    const least = serverTime - arrivedAt;
    const most = serverTime - sentAt;
    const isPossible = this.offset !== undefined && this.offset <= most;
    this.offset = isPossible ? Math.max(this.offset ?? least, least) : least;
  }

  /**
   * The server's time at a moment of this process, in milliseconds since 1970; undefined before the first answer.
   *
   * @param moment as `performance.now()`
   */
  at(moment: number): number | undefined {
    return this.offset === undefined ? undefined : moment + this.offset;
  }
}
