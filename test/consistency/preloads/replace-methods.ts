/** Replaces methods of a class. Each replacement is made from the method that it replaces. */
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
