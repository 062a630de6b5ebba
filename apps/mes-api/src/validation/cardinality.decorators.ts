import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, ValidateIf } from 'class-validator';

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

/** The parameter is a whole number of up to nine digits. */
export function IsWholeNumberParameter(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value,
    ),
    IsInt(),
  );
}

function normalised(value: unknown): unknown[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.length > MAX_VALUES ? values : [...new Set(values)].sort();
}
