import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { buildMessage, ValidateBy } from 'class-validator';

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** Converts a date and time with an offset (RFC 3339) into a `Date`. Days that the month does not have are refused. */
export function IsDateTime(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => parse(value)),
    ValidateBy({
      name: 'isDateTime',
      validator: {
        validate: (value: unknown) => value instanceof Date,
        defaultMessage: buildMessage(
          (each, args) =>
            `${each}$property must be a date and time with an offset, such as 2031-05-17T09:30:00Z${hintFor(args?.value)}`,
        ),
      },
    }),
  );
}

/** In a URL, an unescaped `+` stands for a space. */
function hintFor(value: unknown): string {
  return typeof value === 'string' && / \d\d:\d\d$/.test(value) ? '; a + in a URL is written %2B' : '';
}

function parse(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const [, year, month, day] = RFC3339.exec(value) ?? [];
  if (year === undefined || month === undefined || day === undefined) return value;
  // Date would convert 30 February into a day in March.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > days) return value;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1 || date.getUTCFullYear() > 9999 ? value : date;
}
