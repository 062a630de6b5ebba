/** The key of a value that is set only to see whether it is kept. */
const PROBE = 'mes.probe';

/**
 * A storage of the browser that never throws.
 *
 * The browser may refuse its storage: by a setting, in a frame, or because it is full. What it refuses stays in memory until the
 * page is closed.
 */
export class SafeStorage {
  private readonly refused = new Map<string, string>();

  constructor(private readonly open: () => Storage) {}

  get(key: string): string | undefined {
    try {
      return this.refused.get(key) ?? this.open().getItem(key) ?? undefined;
    } catch {
      return this.refused.get(key);
    }
  }

  /** @returns whether the browser keeps the value */
  set(key: string, value: string): boolean {
    try {
      this.open().setItem(key, value);
      this.refused.delete(key);
      return true;
    } catch {
      this.refused.set(key, value);
      return false;
    }
  }

  /** Whether the browser keeps what is set. */
  get isKept(): boolean {
    const isKept = this.set(PROBE, '');
    this.remove(PROBE);
    return isKept;
  }

  remove(key: string): void {
    this.refused.delete(key);
    try {
      this.open().removeItem(key);
    } catch {
      // A storage that is refused holds nothing.
    }
  }
}

/** Shared by all tabs of the browser, and kept when it closes. */
export const deviceStorage = new SafeStorage(() => localStorage);

/** Of this tab alone. It outlasts a reload. */
export const tabStorage = new SafeStorage(() => sessionStorage);

/** What a stored text says, or undefined if it is not JSON. Another version of the page may have written it. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
