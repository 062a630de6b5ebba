import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray } from 'class-validator';

/** Of a parameter that may be repeated: values at most, doubles counted. */
export const MAX_VALUES = 20;

/** A parameter that may be repeated, normalised: without doubles, and in one order whatever order it came in. */
export function IsListParameter(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (value === undefined ? undefined : normalised(value))),
    ArrayMaxSize(MAX_VALUES),
    IsArray(),
  );
}

function normalised(value: unknown): unknown[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.length > MAX_VALUES ? values : [...new Set(values)].sort();
}
