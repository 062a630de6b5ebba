import { applyDecorators } from '@nestjs/common';
import { buildMessage, IsString, MaxLength, ValidateBy, type ValidationOptions } from 'class-validator';

/**
 * Text that PostgreSQL can store and a person can read: well-formed Unicode, not blank, without control characters
 * other than tab and line breaks, and of at most `maxLength` UTF-16 code units.
 */
export function IsText(maxLength: number, options?: ValidationOptions): PropertyDecorator {
  const readable = ValidateBy(
    {
      name: 'isText',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && isReadable(value),
        defaultMessage: buildMessage(
          (each) => `${each}$property must be well-formed text that is not blank and has no control characters`,
          options,
        ),
      },
    },
    options,
  );
  // The decorators run from the last to the first, and the first error found is the one that is told.
  return applyDecorators(readable, MaxLength(maxLength, options), IsString(options));
}

function isReadable(text: string): boolean {
  return text.trim() !== '' && text.isWellFormed() && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text);
}
