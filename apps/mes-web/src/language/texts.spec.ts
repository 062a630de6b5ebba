import { readFile } from 'node:fs/promises';

interface Texts {
  readonly [name: string]: string | Texts;
}

/** The names of all texts. Plural forms of a text count as one. */
function namesOf(texts: Texts, prefix = ''): string[] {
  const names = Object.entries(texts).flatMap(([name, text]) =>
    typeof text === 'string'
      ? [`${prefix}${name.replace(/_(one|few|many|other)$/, '')}`]
      : namesOf(text, `${prefix}${name}.`),
  );
  return [...new Set(names)].sort();
}

/** The placeholders used in the texts. */
function placeholdersOf(texts: Texts): string[] {
  return [...new Set(JSON.stringify(texts).match(/\{\{\w+\}\}/g))].sort();
}

describe('the set of texts', () => {
  async function textsOf(language: string): Promise<Texts> {
    return JSON.parse(await readFile(`apps/mes-web/src/language/${language}.json`, 'utf8')) as Texts;
  }

  it('has the same names and placeholders in both languages', async () => {
    const [en, ru] = await Promise.all([textsOf('en'), textsOf('ru')]);
    expect(namesOf(ru)).toEqual(namesOf(en));
    expect(placeholdersOf(ru)).toEqual(placeholdersOf(en));
  });
});
