import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, buildMessage, IsArray, ValidateBy, ValidateIf } from 'class-validator';

/** Most values of a repeated parameter, duplicates included. */
export const MAX_VALUES = 20;

/** The property may be left out. Unlike `IsOptional`, it does not allow null. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** The parameter may be repeated. Its values are sorted and freed of duplicates. */
export function IsListParameter(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (value === undefined ? undefined : normalised(value))),
    ArrayMaxSize(MAX_VALUES),
    IsArray(),
  );
}

/** One rule with one message, because only the first broken rule is reported. */
export function IsWholeNumber(min: number, max: number): PropertyDecorator {
  return ValidateBy({
    name: 'isWholeNumber',
    constraints: [min, max],
    validator: {
      validate: (value: unknown) => Number.isInteger(value) && min <= (value as number) && (value as number) <= max,
      defaultMessage: buildMessage(() => '$property must be a whole number from $constraint1 to $constraint2'),
    },
  });
}

/** The parameter is a whole number of up to nine digits. */
export function IsWholeNumberParameter(min: number, max: number): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value,
    ),
    IsWholeNumber(min, max),
  );
}

function normalised(value: unknown): unknown[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.length > MAX_VALUES ? values : [...new Set(values)].sort();
}
