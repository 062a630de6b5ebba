import { readFile } from 'node:fs/promises';
import { promtool } from '../support/promtool.js';

const FOLDER = 'docker/prometheus';

describe('the alert rules', () => {
  let rules: string;
  let documentation: string;

  beforeAll(async () => {
    [rules, documentation] = await Promise.all([
      readFile(`${FOLDER}/alerts.yaml`, 'utf8'),
      readFile('docker/README.md', 'utf8'),
    ]);
  });

  function alerts(): string[] {
    return [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name);
  }

  it('are valid, and so is the configuration of Prometheus', async () => {
    const { exitCode, output } = await promtool(['check', 'config', '--syntax-only', `${FOLDER}/prometheus.yaml`]);
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    expect(await promtool(['check', 'rules', '--lint-fatal', `${FOLDER}/alerts.yaml`])).toMatchObject({ exitCode: 0 });
  });

  it('fire on their faults, and on nothing else', async () => {
    const { exitCode, output } = await promtool(['test', 'rules', `${FOLDER}/alerts.test.yaml`]);
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining('SUCCESS') as string });
  });

  it('are all tested, and all documented with what they mean and what to do', async () => {
    const tests = await readFile(`${FOLDER}/alerts.test.yaml`, 'utf8');
    for (const name of alerts()) {
      expect({ name, isTested: tests.includes(`alertname="${name}"`) }).toEqual({ name, isTested: true });
      expect({ name, isListed: documentation.includes(`\`${name}\``) }).toEqual({ name, isListed: true });
      const [, rule = ''] = new RegExp(`alert: ${name}\n([^]*?)(?:\n +- alert|\n +- name|$)`).exec(rules) ?? [];
      for (const part of ['severity', 'summary', 'meaning', 'action']) expect(rule).toContain(`${part}:`);
    }
  });

  it('use only metrics that exist', () => {
    const listed = new Set([...documentation.matchAll(/^\| `(mes_\w+)/gm)].map(([, name]) => name));
    const used = [...rules.matchAll(/\bmes_\w+/g)].map(([name]) => name.replace(/_(?:bucket|count|sum)$/, ''));
    expect([...new Set(used)].filter((name) => !listed.has(name))).toEqual([]);
  });
});
