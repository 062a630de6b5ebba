import { readFile } from 'node:fs/promises';
import i18next from 'i18next';

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

  it('fits one order as well as 21 in Russian, which have the same form', async () => {
    const ru = i18next.createInstance();
    const resources = { ru: { translation: await textsOf('ru') } };
    await ru.init({ lng: 'ru', resources, interpolation: { escapeValue: false }, showSupportNotice: false });
    const printed = [1, 2, 21].map((count) => ru.t('print.first', { count }));
    expect(printed).toEqual([1, 2, 21].map((count) => `Показано первых заказов: ${String(count)}`));
    const unconfirmed = ru.t('several.unconfirmed', { orders: '7' });
    expect(unconfirmed).toBe('Не удалось подтвердить изменение: 7. Возможно, оно выполнено.');
  });
});
