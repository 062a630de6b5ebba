import { applyDecorators } from '@nestjs/common';
import { buildMessage, IsString, ValidateBy, type ValidationOptions } from 'class-validator';

/**
 * Characters that are refused: lone surrogates, control characters other than tab and line breaks, and those that make a text
 * look like another one: bidirectional controls, which reorder the text around them (UTR 36), and interlinear annotations.
 */
const FORBIDDEN = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\p{Cs}\\p{Bidi_Control}\\ufff9-\\ufffb';

/** Letters and symbols that show nothing: fillers, and the blanks of Braille, musical notation and hieroglyphs. */
const BLANK = '\\p{Default_Ignorable_Code_Point}\\u2800\\ufffc\\u{1d159}\\u{13441}\\u{13442}';

/** A character that shows something by itself; combining marks, joiners and spaces do not. */
const VISIBLE = `(?![${BLANK}])[\\p{L}\\p{N}\\p{P}\\p{S}]`;

/** The pattern is for Unicode mode. */
const patternOf = (needed: readonly string[]): string =>
  `^${needed.map((one) => `(?=[\\s\\S]*${one})`).join('')}[^${FORBIDDEN}]+$`;

const readable = new RegExp(patternOf([VISIBLE]), 'u');

/**
 * Text that PostgreSQL can store and a person can read for what it is: well-formed Unicode with something to see in it,
 * without control characters other than tab and line breaks, without bidirectional controls, and of at most `maxLength`
 * characters (code points). Joiners and other invisible characters, which scripts and emoji need, may stand beside visible ones.
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
  // MaxLength of class-validator does not count variation selectors, of which a short text may have thousands.
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
  // The decorators run from the last to the first, and the first error found is the one that is told.
  return applyDecorators(isReadable, isShort, IsString(options));
}

/**
 * The schema of such a text.
 *
 * @param needed patterns of what else it has somewhere
 */
export function textSchema(
  maxLength: number,
  ...needed: string[]
): { type: 'string'; minLength: 1; maxLength: number; pattern: string } {
  return { type: 'string', minLength: 1, maxLength, pattern: patternOf([VISIBLE, ...needed]) };
}

function isAtMost(text: string, maxLength: number): boolean {
  // A code point has one or two code units.
  return text.length <= maxLength || (text.length <= 2 * maxLength && Array.from(text).length <= maxLength);
}
