import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { table } from '../bench/report/table.js';
import type { Rule } from '../consistency/checker/violation.js';
import type { FaultResult } from './run-fault.js';

const BEGIN = '<!-- faults -->';
const END = '<!-- /faults -->';
const HEAD = [
  'fault',
  'requests',
  'stale',
  'went back',
  'lost',
  'failed',
  'extra wait, ms',
  'time to hits, ms',
  'hits during',
  'hits after',
  'hits of others',
  'lost by others',
  'inspected',
  'alerts',
];
const STALE: readonly Rule[] = ['stale', 'not-fresh', 'invented', 'paging'];
const NOTHING = '–';

/** The results as a Markdown table. */
export function faultTable(results: readonly FaultResult[]): string {
  const rows = results.map(
    ({ fault, calls, violations, wronglyFailed, failed, longestExtra, untilHits, hits, monitoring }) => {
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
        Number.isFinite(untilHits) ? untilHits.toFixed(0) : 'never',
        hits.meanwhile.toFixed(2),
        hits.after.toFixed(2),
        hits.others?.toFixed(2) ?? NOTHING,
        hits.lostByOthers ? `${hits.lostByOthers.lost.length} of ${hits.lostByOthers.of}` : NOTHING,
        String(monitoring.inspections),
        monitoring.alerts.join(', ') || NOTHING,
      ];
    },
  );
  return table(HEAD, rows);
}

/** Replaces the table in the document. */
export async function writeIntoDocument(results: string, path = 'test/README.md'): Promise<void> {
  const text = await readFile(path, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} has no place for the table, between ${BEGIN} and ${END}`);
  const written = `${text.slice(0, begin + BEGIN.length)}\n\n${results}\n\n${text.slice(end)}`;
  const style = await resolveConfig(path, { editorconfig: true });
  await writeFile(path, await format(written, { ...style, filepath: path }));
}
