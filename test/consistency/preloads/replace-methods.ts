/** Replaces methods of a class. Each function takes the original method and returns its replacement. */
export function replaceMethods<T extends object>(
  type: { readonly prototype: T },
  replacements: {
    readonly [Name in keyof T]?: (real: T[Name]) => T[Name];
  },
): void {
  for (const name of Object.keys(replacements) as (keyof T)[]) {
    const replace = replacements[name];
    if (replace) type.prototype[name] = replace(type.prototype[name]);
  }
}
