// Ends the process if its Node.js is none that `package.json` asks for. It is the first import of each program and of the build, and uses
// only what old ones know.
import { existsSync, readFileSync } from 'node:fs';

const present = process.versions.node;
const ranges = neededRanges(new URL('.', import.meta.url));
if (!ranges.some(isIn)) {
  const needed = ranges.map(
    ({ version, isOfOneMajor }) => `${version} or ${isOfOneMajor ? `a later ${majorOf(version)}` : 'newer'}`,
  );
  console.error(`Node.js ${needed.join(', or ')} is needed; this is ${present}.`);
  process.exit(1);
}

/** The ranges in the nearest package.json, such as `^20.19.2 || >=24.11.0`. The sources and the build lie at different depths below it. */
function neededRanges(folder) {
  const file = new URL('package.json', folder);
  if (existsSync(file)) {
    const { engines } = JSON.parse(readFileSync(file, 'utf8'));
    return engines.node
      .split(' || ')
      .map((range) => ({ version: range.replace(/^\D+/, ''), isOfOneMajor: range.startsWith('^') }));
  }
  const parent = new URL('..', folder);
  return parent.href === folder.href ? [{ version: '0', isOfOneMajor: false }] : neededRanges(parent);
}

function isIn({ version, isOfOneMajor }) {
  const isNewer = present.localeCompare(version, 'en', { numeric: true }) >= 0;
  return isNewer && (!isOfOneMajor || majorOf(present) === majorOf(version));
}

function majorOf(version) {
  return version.split('.')[0];
}
