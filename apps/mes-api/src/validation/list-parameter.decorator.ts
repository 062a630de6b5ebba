import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray } from 'class-validator';

/** Of a parameter that may be repeated: values at most. */
const MAX_VALUES = 20;

/** A parameter that may be repeated, normalised: without doubles, and in one order whatever order it came in. */
export function IsListParameter(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      value === undefined ? undefined : [...new Set(Array.isArray(value) ? (value as unknown[]) : [value])].sort(),
    ),
    ArrayMaxSize(MAX_VALUES),
    IsArray(),
  );
}
