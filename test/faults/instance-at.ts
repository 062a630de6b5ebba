import type { ApiInstance } from '../consistency/system/api-instance.js';
import type { System } from '../consistency/system/system.js';

/** @throws Error if there are not so many instances */
export function instanceAt({ instances }: System, index: number): ApiInstance {
  const instance = instances[index];
  if (!instance) throw new Error(`there are only ${instances.length} instances`);
  return instance;
}
