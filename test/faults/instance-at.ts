import type { ApiInstance } from '../consistency/system/api-instance.js';
import type { System } from '../consistency/system/system.js';

/** @throws Error if there is no instance with this index */
export function instanceAt({ instances }: System, index: number): ApiInstance {
  const instance = instances[index];
  if (!instance) throw new Error(`there is no instance ${index}, only ${instances.length} instances`);
  return instance;
}
