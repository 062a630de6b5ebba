import { applyDecorators } from '@nestjs/common';
import { buildMessage, IsString, ValidateBy, type ValidationOptions } from 'class-validator';

/**
 * Refused characters: control characters other than tab and line breaks, and characters that make a text look like another one:
 * bidirectional controls (UTR 36) and interlinear annotations.
 */
const FORBIDDEN =
  '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufff9-\\ufffb';

/** Invisible letters and symbols: fillers, and the blanks of Braille, musical notation and hieroglyphs. */
const BLANK = '\\p{Default_Ignorable_Code_Point}\\u2800\\ufffc\\u{1d159}\\u{13441}\\u{13442}';

/** A character that is visible by itself. Combining marks, joiners and spaces are not. */
const VISIBLE = `(?![${BLANK}])[\\p{L}\\p{N}\\p{P}\\p{S}]`;

/** Lone surrogates are refused as well. */
const readable = new RegExp(`^(?=[\\s\\S]*${VISIBLE})[^${FORBIDDEN}\\p{Cs}]+$`, 'u');

/**
 * What a pattern can say of such a text in every dialect of regular expressions: it has no refused character, and one that is not
 * white space. Generated clients leave out the Unicode mode, without which `\\p{L}` matches other characters.
 */
const PORTABLE_PATTERN = `^[^\\S\\u000b\\u000c]*[^\\s${FORBIDDEN}][^${FORBIDDEN}]*$`;

/**
 * Accepts text that PostgreSQL can store and people can read: well-formed Unicode of at most `maxLength` code points, with at
 * least one visible character, without bidirectional controls and without control characters other than tab and line breaks.
 * Joiners and other invisible characters, which scripts and emoji need, are accepted beside visible ones.
 */
export function IsText(maxLength: number, options?: ValidationOptions): PropertyDecorator {
  const isReadable = ValidateBy(
    {
      name: 'isText',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && readable.test(value),
        defaultMessage: buildMessage(
          (each) =>
            `${each}$property must be well-formed text with something to see in it and without control characters`,
          options,
        ),
      },
    },
    options,
  );
  // MaxLength of class-validator does not count variation selectors. A short text may contain thousands of them.
  const isShort = ValidateBy(
    {
      name: 'maxLength',
      constraints: [maxLength],
      validator: {
        validate: (value: unknown) => typeof value === 'string' && isAtMost(value, maxLength),
        defaultMessage: buildMessage(
          (each) => `${each}$property must be shorter than or equal to $constraint1 characters`,
          options,
        ),
      },
    },
    options,
  );
  // Decorators run from the last to the first, and only the first error is reported.
  return applyDecorators(isReadable, isShort, IsString(options));
}

/** The OpenAPI schema of such a text. Its pattern accepts all of them, and few others. */
export function textSchema(maxLength: number): { type: 'string'; minLength: 1; maxLength: number; pattern: string } {
  return { type: 'string', minLength: 1, maxLength, pattern: PORTABLE_PATTERN };
}

function isAtMost(text: string, maxLength: number): boolean {
  // A code point has one or two code units.
  return text.length <= maxLength || (text.length <= 2 * maxLength && Array.from(text).length <= maxLength);
}
