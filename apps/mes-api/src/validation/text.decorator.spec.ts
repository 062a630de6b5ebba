import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { IsText, textSchema } from './text.decorator.js';

class Form {
  @IsText(100)
  text!: string;
}

const isValid = (text: string): boolean => validateSync(Object.assign(new Form(), { text })).length === 0;

const characters = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom(' ', '\t', '\n', '\v', '\0', 'a', 'Ж', '-', '😀', '\u200e', '\u2066', '\u2800'),
    maxLength: 6,
  }),
);

describe('the schema of a text', () => {
  const pattern = new RegExp(textSchema(100).pattern);
  const inUnicodeMode = new RegExp(pattern.source, 'u');

  it('accepts every text that the API accepts, in every mode of regular expressions', () => {
    fc.assert(
      fc.property(characters, (text) => {
        fc.pre(isValid(text));
        expect([pattern.test(text), inUnicodeMode.test(text)]).toEqual([true, true]);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['', ' ', ' \n\t', '\0', 'a\0', '\u202ea', 'a\u2066', 'a\u0007', '\ufff9a', '\va'])('refuses %j', (text) => {
    expect([pattern.test(text), inUnicodeMode.test(text), isValid(text)]).toEqual([false, false, false]);
  });

  it.each(['C-1', 'Мария Соколова', 'a\tb\nc', ' x ', '😀', '–'])('accepts %j', (text) => {
    expect([pattern.test(text), inUnicodeMode.test(text), isValid(text)]).toEqual([true, true, true]);
  });

  it('is matched in linear time', () => {
    expect(pattern.test(`${' '.repeat(1_000)}${'a'.repeat(50_000)}\0`)).toBe(false);
  });
});
