import en from './en.json' with { type: 'json' };
import ru from './ru.json' with { type: 'json' };

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
  it('are there in both languages', () => {
    expect(namesOf(ru)).toEqual(namesOf(en));
    expect(valuesOf(ru)).toEqual(valuesOf(en));
  });
});
