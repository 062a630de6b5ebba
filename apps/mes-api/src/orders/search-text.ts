/** The number of an order, as people write it. */
const NUMBER = /^[№#] ?(\d+)$/;

/**
 * Normalises a search text, so that different spellings share a cached response.
 *
 * The function search_text() of the database does the same with every searched text and with the text of the orders, and lowers the
 * letters of other alphabets too.
 */
export function asTyped(q: string): string {
  return q
    .normalize('NFC')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[‐‑‒–—―−]/g, '-')
    .replace(/[“”„‟«»″]/g, '"')
    .replace(/[‘’‚‛′ʼ`´]/g, "'")
    .replace(/[A-ZА-ЯЁ]/g, (letter) => letter.toLowerCase())
    .replace(/ё/g, 'е')
    .replace(NUMBER, '$1');
}
