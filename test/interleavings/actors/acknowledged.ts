/** The acknowledged writes. No response to a later request may be older. */
export class Acknowledged {
  private readonly versions = new Map<string, number>();

  /** The version of each order. */
  get orders(): ReadonlyMap<string, number> {
    return this.versions;
  }

  add(id: string, version: number): void {
    this.versions.set(id, Math.max(version, this.versions.get(id) ?? 0));
  }
}
