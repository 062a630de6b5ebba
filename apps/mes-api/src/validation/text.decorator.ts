import { applyDecorators } from '@nestjs/common';
import { buildMessage, IsString, ValidateBy, type ValidationOptions } from 'class-validator';

/** Well-formed, without control characters other than tab and line breaks, and with what is needed; in Unicode mode. */
const patternOf = (needed: string): string =>
  `^(?=[\\s\\S]*${needed})[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f\\p{Cs}]+$`;

const NOT_BLANK = '\\S';
const readable = new RegExp(patternOf(NOT_BLANK), 'u');

/**
 * Text that PostgreSQL can store and a person can read: well-formed Unicode, not blank, without control characters
 * other than tab and line breaks, and of at most `maxLength` characters (code points).
 */
export function IsText(maxLength: number, options?: ValidationOptions): PropertyDecorator {
  const isReadable = ValidateBy(
    {
      name: 'isText',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && readable.test(value),
        defaultMessage: buildMessage(
          (each) => `${each}$property must be well-formed text that is not blank and has no control characters`,
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
 * @param needed pattern of something that it has somewhere
 */
export function textSchema(
  maxLength: number,
  needed = NOT_BLANK,
): { type: 'string'; minLength: 1; maxLength: number; pattern: string } {
  return { type: 'string', minLength: 1, maxLength, pattern: patternOf(needed) };
}

function isAtMost(text: string, maxLength: number): boolean {
  // A code point has one or two code units.
  return text.length <= maxLength || (text.length <= 2 * maxLength && Array.from(text).length <= maxLength);
}
