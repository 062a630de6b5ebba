import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { promtool } from '../support/promtool.js';

const FOLDER = 'docker/prometheus';

describe('the alert rules', () => {
  let rules: string;
  let documentation: string;
  let folder: string;

  beforeAll(async () => {
    [rules, documentation, folder] = await Promise.all([
      readFile(`${FOLDER}/alerts.yaml`, 'utf8'),
      readFile('docker/README.md', 'utf8'),
      mkdtemp(join(tmpdir(), 'mes-alerts-')),
    ]);
  });

  afterAll(() => rm(folder, { recursive: true }));

  function alerts(): string[] {
    return [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name);
  }

  it('are valid, and so are the configurations of Prometheus, whose job they name', async () => {
    for (const name of ['prometheus.yaml', 'kubernetes.yaml']) {
      const configuration = load(await readFile(`${FOLDER}/${name}`, 'utf8')) as { scrape_configs: object[] };
      const jobs = configuration.scrape_configs.map((job) => (job as { job_name: string }).job_name);
      expect(jobs).toEqual([...new Set(rules.match(/(?<=job=")[^"]+/g))]);
      // Debian's promtool does not know Kubernetes.
      const checked = configuration.scrape_configs.map((job) => ({ ...job, kubernetes_sd_configs: undefined }));
      const file = join(folder, name);
      await writeFile(file, dump({ ...configuration, scrape_configs: checked }, { skipInvalid: true }));
      const { exitCode, output } = await promtool(['check', 'config', '--syntax-only', file]);
      expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    }
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
