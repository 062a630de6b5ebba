import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { table } from '../bench/report/table.js';
import type { Rule } from '../consistency/checker/violation.js';
import type { FaultResult } from './run-fault.js';

const BEGIN = '<!-- faults -->';
const END = '<!-- /faults -->';
const HEAD = [
  'while',
  'requests',
  'stale',
  'gone back',
  'lost',
  'failed',
  'longest extra wait, ms',
  'hits again after, ms',
];
const STALE: readonly Rule[] = ['stale', 'not-fresh', 'invented', 'paging'];

/** The results as a Markdown table. */
export function faultTable(results: readonly FaultResult[]): string {
  const rows = results.map(({ fault, calls, violations, wronglyFailed, failed, longestExtra, untilHits }) => {
    const broken = (...rules: readonly Rule[]): string =>
      String(violations.filter(({ rule }) => rules.includes(rule)).length);
    return [
      fault.title,
      calls.toLocaleString('en'),
      broken(...STALE),
      broken('backwards'),
      broken('lost', 'taken-twice'),
      String(wronglyFailed.length + failed),
      longestExtra.toFixed(0),
      untilHits.toFixed(0),
    ];
  });
  return table(HEAD, rows);
}

/** Puts the table where the README has it. */
export async function writeIntoReadme(results: string, path = 'README.md'): Promise<void> {
  const text = await readFile(path, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} has no place for the table, between ${BEGIN} and ${END}`);
  const written = `${text.slice(0, begin + BEGIN.length)}\n\n${results}\n\n${text.slice(end)}`;
  const style = await resolveConfig(path, { editorconfig: true });
  await writeFile(path, await format(written, { ...style, filepath: path }));
}
