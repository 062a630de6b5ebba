import * as module from 'node:module';

/**
 * Registers the hooks of a module, which export plain functions, and gives them `data`. Node 20 has only the older way, which
 * Node 26 deprecates.
 */
export async function registerHooks(url, data) {
  if (!module.registerHooks) {
    module.register(url, { data });
    return;
  }
  const { initialize, load, resolve } = await import(url);
  initialize?.(data);
  module.registerHooks({ load, resolve });
}
