import { readFileSync } from 'node:fs';
import { getMetadataStorage } from 'class-validator';
import { Environment, readEnvironment } from './environment.js';

const example = readFileSync('.env.example', 'utf8');
const settings = [...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => ({ name, value }));

describe('.env.example', () => {
  it('has exactly the variables that are read', () => {
    const rules = getMetadataStorage().getTargetValidationMetadatas(Environment, '', false, false);
    const known = new Set(rules.map(({ propertyName }) => propertyName));
    expect(settings.map(({ name }) => name).sort()).toEqual([...known].sort());
  });

  it('shows the defaults', () => {
    const defaults = new Map<string, string | number | undefined>(Object.entries(readEnvironment({})));
    expect(settings).toEqual(settings.map(({ name }) => ({ name, value: String(defaults.get(name) ?? '') })));
  });

  it('explains each variable in the line above it', () => {
    for (const { name } of settings) expect(example).toMatch(new RegExp(`\\n# [^\\n]{20,}\\.\\n${name}=`));
  });
});
