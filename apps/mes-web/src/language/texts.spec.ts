import { readFile } from 'node:fs/promises';

interface Texts {
  readonly [name: string]: string | Texts;
}

/** The names of all texts; the forms that a language has for numbers are one. */
function namesOf(texts: Texts, prefix = ''): string[] {
  const names = Object.entries(texts).flatMap(([name, text]) =>
    typeof text === 'string'
      ? [`${prefix}${name.replace(/_(one|few|many|other)$/, '')}`]
      : namesOf(text, `${prefix}${name}.`),
  );
  return [...new Set(names)].sort();
}

/** What is filled into a text. */
function valuesOf(texts: Texts): string[] {
  return [...new Set(JSON.stringify(texts).match(/\{\{\w+\}\}/g))].sort();
}

describe('the texts of the page', () => {
  async function textsOf(language: string): Promise<Texts> {
    return JSON.parse(await readFile(`apps/mes-web/src/language/${language}.json`, 'utf8')) as Texts;
  }

  it('are there in both languages', async () => {
    const [en, ru] = await Promise.all([textsOf('en'), textsOf('ru')]);
    expect(namesOf(ru)).toEqual(namesOf(en));
    expect(valuesOf(ru)).toEqual(valuesOf(en));
  });
});
