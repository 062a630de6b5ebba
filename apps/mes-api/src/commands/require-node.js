// Ends the process if its Node.js is older than `package.json` asks for. It is the first import of each program and of the build, and
// uses only what old ones know.
import { existsSync, readFileSync } from 'node:fs';

const needed = neededVersion(new URL('.', import.meta.url));
if (process.versions.node.localeCompare(needed, 'en', { numeric: true }) < 0) {
  console.error(`Node.js ${needed} or newer is needed; this is ${process.versions.node}.`);
  process.exit(1);
}

/** The version in the nearest package.json. The sources and the build lie at different depths below it. */
function neededVersion(folder) {
  const file = new URL('package.json', folder);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).engines.node.replace('>=', '');
  const parent = new URL('..', folder);
  return parent.href === folder.href ? '0' : neededVersion(parent);
}
